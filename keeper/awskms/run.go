package awskms

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/seed-1f7fdfb8/sops/key"
)

// run does op under m as the first identity that may. The error is an *Error,
// unless m or the settings are bad.
func (k *Keeper) run(ctx context.Context, m key.MasterKey, op operation) error {
	attempts, err := k.walk(ctx, m, op)
	if err != nil {
		return err
	}
	last := attempts[len(attempts)-1]
	if last.Err == nil {
		k.tellFallback(m, attempts)
		return nil
	}
	return &Error{ARN: m.Text(fieldARN), Verb: op.verb(), Attempts: attempts}
}

// walk tries identities, and in the end regions, until op is done or cannot
// be. There is at least one attempt.
func (k *Keeper) walk(ctx context.Context, m key.MasterKey, op operation) ([]*Attempt, error) {
	if k.err != nil {
		return nil, k.err
	}
	t, err := k.set.target(m)
	if err != nil {
		return nil, err
	}
	arns := k.set.arns(t.arn)
	var attempts []*Attempt
	for i, arn := range arns {
		retries := k.set.attempts
		if i < len(arns)-1 {
			retries = 1 // another region is a better answer than waiting
		}
		attempts = append(attempts, k.inRegion(ctx, t, arn, op, retries)...)
		last := attempts[len(attempts)-1]
		if last.Err == nil || ctx.Err() != nil || !last.Cause.regional() {
			break
		}
	}
	return attempts, nil
}

// inRegion tries the identities for a key in one region.
func (k *Keeper) inRegion(ctx context.Context, t target, arn ARN, op operation, retries int) []*Attempt {
	var attempts []*Attempt
	for _, id := range k.set.candidates(t) {
		a := k.attempt(ctx, id, arn, t.context, op, retries)
		attempts = append(attempts, a)
		if a.Err == nil || ctx.Err() != nil || !a.Cause.personal() {
			break
		}
	}
	return attempts
}

// attempt does op as id. Everything that happens on the way is a step of it.
func (k *Keeper) attempt(ctx context.Context, id identity, arn ARN, bound map[string]string, op operation, retries int) *Attempt {
	a := newAttempt(id, arn, bound)
	asked := ctx
	if !k.asks(id) { // a person takes the time they need
		var cancel func()
		ctx, cancel = context.WithTimeout(ctx, k.o.Attempt)
		defer cancel()
	}
	start := k.o.Now()
	s, err := k.session(ctx, id, arn.Region)
	a.step("profile", k.o.Now().Sub(start), err)
	if err != nil {
		return a.failed(k.o.Env, nil, err)
	}
	for _, source := range s.sources {
		a.Call, a.URL, start = source.call, source.url, k.o.Now()
		c, err := source.retrieve(ctx)
		a.step(source.call, k.o.Now().Sub(start), err)
		if err != nil {
			return a.failed(k.o.Env, s, err)
		}
		a.took(c)
	}
	ctx, cancel := context.WithTimeout(asked, k.o.Attempt)
	defer cancel()
	a.Call, a.URL, start = op.call(), s.url, k.o.Now()
	err = op.do(ctx, s, arn, a, func(o *kms.Options) { o.RetryMaxAttempts = retries })
	a.step(op.call(), k.o.Now().Sub(start), err)
	if err != nil {
		return a.failed(k.o.Env, s, err)
	}
	return a
}

// tellFallback warns if what the run or the user's map asked for did not do,
// and something else did.
func (k *Keeper) tellFallback(m key.MasterKey, attempts []*Attempt) {
	first, last := attempts[0], attempts[len(attempts)-1]
	asked := first.Origin == fromRun || first.Origin == fromMap
	if asked && first.Origin != last.Origin {
		k.warn(fmt.Sprintf("AWS KMS key %s: used %s, because another did not work: %v",
			m.Text(fieldARN), last.id, first))
	}
}

// expired reports whether the limit of an attempt was reached, or the caller's.
func expired(err error) bool { return errors.Is(err, context.DeadlineExceeded) }
