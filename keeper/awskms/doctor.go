package awskms

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/awskey"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/internal/keylife"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/internal/session"
)

// A Report is what Diagnose finds out about one key.
type Report struct {
	ARN      string        `json:"arn"`
	Opens    bool          `json:"opens"`
	Problem  string        `json:"problem,omitempty"` // why nothing was tried
	Hints    []string      `json:"hints,omitempty"`
	Attempts []*Attempt    `json:"attempts,omitempty"`
	Took     time.Duration `json:"took_ns"`
}

// report does what Unwrap would, says how each step went, and asks a few
// things on the way that Unwrap need not know. It does not recover the data
// key.
func (k *Keeper) report(ctx context.Context, w keeper.WrappedKey) Report {
	r := Report{ARN: w.Text(awskey.FieldARN)}
	start := k.o.Now()
	blob, err := decodeBlob(w)
	if err == nil {
		p := &probe{decrypt: decrypt{blob: blob, warn: k.warn}, now: k.o.Now, siblings: k.set.Siblings()}
		r.Attempts, err = k.walk(ctx, w.MasterKey, p)
	}
	if err != nil {
		r.Problem = err.Error()
		var advice interface{ Hints() []string }
		if errors.As(err, &advice) {
			r.Hints = advice.Hints()
		}
		return r
	}
	r.Took = k.o.Now().Sub(start)
	r.Opens = r.Attempts[len(r.Attempts)-1].Err == nil
	if !r.Opens {
		r.Hints = (&Error{Attempts: r.Attempts}).Hints()
	}
	return r
}

// A probe is a decryption that looks around first, and throws away what it
// decrypts.
type probe struct {
	decrypt
	now      func() time.Time
	siblings []string
}

func (p *probe) do(ctx context.Context, s *session.Session, a *Attempt, j job) error {
	p.whoami(ctx, s, a, j)
	p.state(ctx, s, a, j)
	_, err := s.KMS.Decrypt(ctx, &kms.DecryptInput{
		KeyId: &j.arn.Text, CiphertextBlob: p.blob, EncryptionContext: always(j.context), DryRun: aws.Bool(true),
	}, j.limit)
	var would *types.DryRunOperationException
	if err == nil || errors.As(err, &would) {
		return nil
	}
	// The real call says what is wrong, and a moved alias needs it.
	err = p.decrypt.do(ctx, s, a, j)
	p.plain = keeper.Data{}
	return err
}

// whoami asks STS for the caller, which no policy can deny.
func (p *probe) whoami(ctx context.Context, s *session.Session, a *Attempt, j job) {
	ctx, cancel := session.Limited(ctx, cmp.Or(j.within, DefaultLast)/4) // time must be left for the call itself
	defer cancel()
	start := p.now()
	out, err := s.STS.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	step := a.step("sts:GetCallerIdentity", p.now().Sub(start), err)
	if err != nil {
		_, step.Detail = describe(err)
		if tooOld(step.Detail) {
			step.Hint = clockHint
		}
		return
	}
	a.Caller = hint.Line(aws.ToString(out.Arn))
	step.Detail = a.Caller
	if skew, ok := awsmiddleware.GetAttemptSkew(out.ResultMetadata); ok && skew.Abs() > maxSkew {
		step := a.step("clock", 0, nil)
		step.OK, step.Hint = false, clockHint
		step.Detail = fmt.Sprintf("this machine is %s off, which costs every first call a second one", skew.Abs().Round(time.Second))
	}
}

// maxSkew is far below the five minutes that AWS puts up with.
const maxSkew = time.Minute

// state asks KMS for the key. Many who may decrypt may not ask that, so that
// nothing follows from a denial.
func (p *probe) state(ctx context.Context, s *session.Session, a *Attempt, j job) {
	ctx, cancel := session.Limited(ctx, cmp.Or(j.within, DefaultLast)/4) // time must be left for the call itself
	defer cancel()
	start := p.now()
	out, err := s.KMS.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &j.arn.Text}, j.limit)
	took := p.now().Sub(start)
	code, message := "", ""
	if err != nil {
		code, message = describe(err)
	}
	step := a.step("kms:DescribeKey", took, err)
	switch {
	case strings.HasPrefix(code, "AccessDenied"):
		step.OK, step.Detail = true, "the caller may not look at the key, which decryption does not need"
	case err != nil:
		step.Detail = message
	case out.KeyMetadata != nil:
		life := keylife.Key{KeyMetadata: out.KeyMetadata, Now: p.now(), Siblings: p.siblings, Command: func(name string) string {
			return a.command(name, aws.ToString(out.KeyMetadata.Arn))
		}}
		step.found(life.State())
		for _, f := range life.More() {
			a.step("key", 0, nil).found(f)
		}
		p.rotation(ctx, s, a, j, out.KeyMetadata)
	}
}

// rotation asks when the key gets new material, which few may and none must.
func (p *probe) rotation(ctx context.Context, s *session.Session, a *Attempt, j job, m *types.KeyMetadata) {
	if m.KeyState != types.KeyStateEnabled || m.KeyManager != types.KeyManagerTypeCustomer || m.Origin != types.OriginTypeAwsKms {
		return
	}
	start := p.now()
	out, err := s.KMS.GetKeyRotationStatus(ctx, &kms.GetKeyRotationStatusInput{KeyId: m.Arn}, j.limit)
	if err == nil {
		a.step("kms:GetKeyRotationStatus", p.now().Sub(start), nil).found(keylife.Rotation(out))
	}
}

// found notes what became known in a step.
func (s *Step) found(f keylife.Finding) {
	s.OK, s.Detail, s.Hint = f.OK, hint.Line(f.Detail), hint.Line(f.Hint)
}
