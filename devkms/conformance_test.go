package devkms_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/seed-1f7fdfb8/sops/devkms"
)

// A probe is one row of the conformance table: what a client does, what AWS
// documents that it answers, and where AWS says so. Sources are
//
//	model   the service model that AWS publishes with its SDKs
//	kms     the KMS developer guide and API reference
//	iam     the IAM user guide and the STS API reference
//	seen    answers of AWS quoted in public
//	memory  it has not been checked against AWS for this table
type probe struct {
	name   string
	source string
	want   string // error code; "" is success
	says   string // part of the error's message, where AWS's wording is known
	run    func(*lab) error
}

// A lab is what probes work in: a server of their own, and alice, who may do
// everything in the first account.
type lab struct {
	caller
	t      testing.TB
	server *devkms.Server
	ctx    context.Context
}

func newLab(t testing.TB) *lab {
	t.Helper()
	s := devkms.Start(t, nil)
	return &lab{as(s, "alice"), t, s, context.Background()}
}

func TestEveryProbeAnswersAsAWSDocuments(t *testing.T) {
	t.Parallel()
	all := allProbes()
	if len(all) < 120 {
		t.Errorf("the table has %d rows; want 120", len(all))
	}
	seen := map[string]bool{}
	for _, p := range all {
		if seen[p.name] {
			t.Errorf("two rows are called %q", p.name)
		}
		seen[p.name] = true
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			err := p.run(newLab(t))
			if got := code(err); got != p.want {
				t.Fatalf("got %q, want %q (%s): %v", got, p.want, p.source, err)
			}
			if !strings.Contains(text(err), p.says) {
				t.Errorf("message %q does not say %q (%s)", text(err), p.says, p.source)
			}
			if want := status(p.want); err != nil && httpStatus(err) != want {
				t.Errorf("status %d, want %d", httpStatus(err), want)
			}
		})
	}
}

func allProbes() []probe {
	var all []probe
	for _, list := range [][]probe{
		cryptoProbes(), limitProbes(), keyNameProbes(), stateProbes(), manageProbes(), aliasProbes(), rotationProbes(),
		multiRegionProbes(), keyPolicyProbes(), accessProbes(), signatureProbes(), stsProbes(), webIdentityProbes(),
	} {
		all = append(all, list...)
	}
	return all
}

// status returns the HTTP status that belongs to an error code.
func status(code string) int {
	switch code {
	case "AccessDenied", "InvalidClientTokenId", "SignatureDoesNotMatch", "ExpiredToken", "MissingAuthenticationToken", "IDPRejectedClaim":
		return http.StatusForbidden
	}
	return http.StatusBadRequest
}

func httpStatus(err error) int {
	var r *awshttp.ResponseError
	if errors.As(err, &r) {
		return r.HTTPStatusCode()
	}
	return 0
}

// is makes the lab's caller another one.
func (l *lab) is(c caller) *lab {
	other := *l
	other.caller = c
	return &other
}

func (l *lab) user(name string) *lab {
	c := asAt(l.url, name)
	c.region, c.client = l.caller.region, l.client
	return l.is(c)
}
func (l *lab) role(arn string) *lab      { return l.is(l.assume(l.t, arn)) }
func (l *lab) region(region string) *lab { return l.is(l.in(region)) }

func (l *lab) later(d time.Duration) *lab {
	l.t.Helper()
	if l.server == nil {
		l.t.Fatal("only devkms has a clock that can be set")
	}
	l.server.Advance(d)
	return l
}

type ec = map[string]string

func (l *lab) encrypt(key, plain string, context ec) ([]byte, error) {
	out, err := l.kms().Encrypt(l.ctx, &kms.EncryptInput{KeyId: &key, Plaintext: []byte(plain), EncryptionContext: context})
	if err != nil {
		return nil, err
	}
	return out.CiphertextBlob, nil
}

// sealed is encrypt where failure is not what the probe is about.
func (l *lab) sealed(key string, context ec) []byte {
	l.t.Helper()
	b, err := l.encrypt(key, "secret", context)
	if err != nil {
		l.t.Fatalf("encrypt: %v", err)
	}
	return b
}

func (l *lab) decrypt(b []byte, context ec) error { return l.decryptWith("", b, context) }

// decryptWith decrypts what sealed has made.
func (l *lab) decryptWith(key string, b []byte, context ec) error {
	in := &kms.DecryptInput{CiphertextBlob: b, EncryptionContext: context}
	if key != "" {
		in.KeyId = &key
	}
	out, err := l.kms().Decrypt(l.ctx, in)
	if err != nil {
		return err
	}
	return same("plaintext", string(out.Plaintext), "secret")
}

// newKey makes a key of the first account and returns its ARN.
func (l *lab) newKey(more ...func(*kms.CreateKeyInput)) string {
	l.t.Helper()
	in := &kms.CreateKeyInput{}
	for _, f := range more {
		f(in)
	}
	out, err := l.kms().CreateKey(l.ctx, in)
	if err != nil {
		l.t.Fatalf("create key: %v", err)
	}
	return *out.KeyMetadata.Arn
}

// must stops the probe at a step that it is not about.
func (l *lab) must(_ any, err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
}

// same is the error of a value that is not what it should be.
func same[T comparable](what string, got, want T) error {
	if got != want {
		return fmt.Errorf("%s is %v, want %v", what, got, want)
	}
	return nil
}

func sameBytes(what string, got, want []byte) error {
	if !bytes.Equal(got, want) {
		return fmt.Errorf("%s differs: %d and %d bytes", what, len(got), len(want))
	}
	return nil
}

func only(_ any, err error) error { return err }

func ptr[T any](v T) *T { return &v }
