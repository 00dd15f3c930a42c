package awskms

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/awskey"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/internal/identity"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/internal/session"
)

// An Account says as which identity, and in which region, other services of AWS
// are called. Empty fields leave it to the run and to the machine.
type Account struct{ Profile, Role, Region string }

// A Caller signs calls of other services of AWS as one identity in one region.
type Caller struct {
	Region string
	k      *Keeper
	s      *session.Session
	id     identity.Identity
	http   http.RoundTripper
}

// Caller returns the one who makes calls for an account. A flag of this run
// comes before what the account names, and that before the variables and the
// machine. The credentials are there when it returns.
func (k *Keeper) Caller(ctx context.Context, want Account) (*Caller, error) {
	if k.err != nil {
		return nil, k.err
	}
	if want.Role != "" {
		if err := awskey.CheckRole(want.Role); err != nil {
			return nil, &UsageError{Where: "aws_role", Reason: err.Error(), Hint: "write arn:aws:iam::ACCOUNT:role/NAME"}
		}
	}
	id := k.callerIdentity(want)
	a := &Attempt{Origin: string(id.Origin), Profile: id.Profile, Role: id.Role(), Call: "profile", id: id}
	fail := func(s *session.Session, err error) error {
		a.step(a.Call, 0, err)
		return &CallerError{a.failed(k.o.Env, s, err)}
	}
	p, err := k.pool.Profile(id.Profile)
	if err != nil {
		return nil, fail(nil, err)
	}
	region := cmp.Or(want.Region, env.Env(k.o.Env).Get("AWS_REGION"), env.Env(k.o.Env).Get("AWS_DEFAULT_REGION"), p.Shared.Region)
	if !awskey.IsRegion(region) {
		return nil, &UsageError{Where: "aws_region", Reason: "it is not known which region of AWS is meant", Hint: "set aws_region in the destination rule, or AWS_REGION"}
	}
	a.Region, a.arn = region, awskey.ARN{Region: region}
	s, err := k.enter(ctx, id, a, job{arn: a.arn, enter: k.last(ctx)})
	if err != nil {
		return nil, &CallerError{a.failed(k.o.Env, s, err)}
	}
	c := &Caller{Region: region, k: k, s: s, id: id}
	c.http, err = k.pool.Transport(ctx, p, region)
	return c, err
}

// callerIdentity settles as which identity calls are made.
func (k *Keeper) callerIdentity(want Account) identity.Identity {
	id := identity.Identity{Origin: identity.FromMachine}
	flagProfile, flagRole := forAll(k.o.Profile), forAll(k.o.Role)
	switch {
	case flagProfile != "" || flagRole != "":
		id.Origin = identity.FromRun
	case want.Profile != "" || want.Role != "":
		id.Origin = identity.FromRule
	case k.set.Profile.All() != "" || k.set.Role.All() != "":
		id.Origin = identity.FromRun
	}
	id.Profile = cmp.Or(flagProfile, want.Profile, k.set.Profile.All())
	if id.Profile == "default" && !k.set.HasDefault() {
		id.Profile = "" // the name of what a machine has, which need not have a section
	}
	id.Profile = cmp.Or(id.Profile, k.set.Ambient)
	if !k.set.NoRole {
		id.Roles = identity.Hops(cmp.Or(flagRole, want.Role, k.set.Role.All()))
	}
	return id
}

// forAll returns the item that is for the keys of all accounts.
func forAll(items []string) string {
	for _, item := range items {
		if account, _, ok := strings.Cut(item, "="); !ok || !awskey.IsAccount(account) {
			return item
		}
	}
	return ""
}

// Transport makes the connections of the calls; nil is Go's usual one.
func (c *Caller) Transport() http.RoundTripper { return c.http }

// In returns the same identity in another region.
func (c *Caller) In(region string) *Caller {
	other := *c
	other.Region = region
	return &other
}

// String names the identity for errors.
func (c *Caller) String() string { return c.id.String() + c.id.Origin.Phrase() }

// Endpoint returns the URL of a service without a slash at its end, and whether
// configuration gives it. The service has the name that it has in hosts (s3,
// secretsmanager), and the one that variables know it by: AWS_ENDPOINT_URL_S3,
// AWS_ENDPOINT_URL_SECRETS_MANAGER.
func (c *Caller) Endpoint(ctx context.Context, service, variable string) (at string, configured bool) {
	if own := c.s.Profile.Endpoint(ctx, c.k.o.Env, variable, ""); own != nil {
		return strings.TrimRight(*own, "/"), true
	}
	o := kms.Options{Region: c.Region, EndpointOptions: c.s.KMS.Options().EndpointOptions}
	dual := o.EndpointOptions.UseDualStackEndpoint == aws.DualStackEndpointStateEnabled
	if service != "s3" || !dual {
		return "https://" + service + hostEnd(ctx, o), false
	}
	o.EndpointOptions.UseDualStackEndpoint = aws.DualStackEndpointStateDisabled // S3 has names of its own
	return "https://s3" + strings.Replace(hostEnd(ctx, o), "."+c.Region, ".dualstack."+c.Region, 1), false
}

// hostEnd returns what follows the name of a service in its host, such as
// .eu-west-1.amazonaws.com. The SDK knows that of KMS, in each partition.
func hostEnd(ctx context.Context, o kms.Options) string {
	if u, err := url.Parse(session.KMSURL(ctx, o)); err == nil {
		if end, ok := strings.CutPrefix(u.Host, "kms"); ok {
			return end
		}
	}
	return "." + o.Region + ".amazonaws.com"
}

// Sign signs a request with this body, which must be complete but for what the
// signature adds.
func (c *Caller) Sign(ctx context.Context, r *http.Request, service string, body []byte) error {
	credentials, err := c.s.Sources[len(c.s.Sources)-1].Retrieve(ctx)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(body)
	hash := hex.EncodeToString(sum[:])
	if service == "s3" {
		r.Header.Set("X-Amz-Content-Sha256", hash)
	}
	return v4.NewSigner(func(o *v4.SignerOptions) {
		o.DisableURIPathEscaping = service == "s3" // of a path that is escaped already
	}).SignHTTP(ctx, aws.Credentials{
		AccessKeyID: credentials.AccessKeyID, SecretAccessKey: credentials.SecretAccessKey, SessionToken: credentials.SessionToken,
	}, r, hash, service, c.Region, c.k.o.Now())
}

// A CallerError is an identity that calls could not be made as.
type CallerError struct{ *Attempt }

// Hints returns what would help.
func (e *CallerError) Hints() []string {
	if e.Hint == "" {
		return nil
	}
	return []string{e.Hint}
}
