package awskms

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/deadline"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/awskey"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/internal/identity"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/internal/session"
)

// run does op under m as the first identity that may. The error is an *Error,
// unless m or the settings are bad.
func (k *Keeper) run(ctx context.Context, m keeper.MasterKey, op operation) error {
	attempts, err := k.walk(ctx, m, op)
	if err != nil {
		return err
	}
	last := attempts[len(attempts)-1]
	if last.Err == nil {
		k.tellFallback(m, attempts)
		return nil
	}
	return &Error{ARN: m.Text(awskey.FieldARN), Verb: op.verb(), Attempts: attempts}
}

// walk tries identities, and in the end regions, until op is done or cannot
// be. There is at least one attempt.
func (k *Keeper) walk(ctx context.Context, m keeper.MasterKey, op operation) ([]*Attempt, error) {
	if k.err != nil {
		return nil, k.err
	}
	t, err := k.set.Target(m)
	if err != nil {
		return nil, err
	}
	arns := k.set.ARNs(t.ARN)
	var attempts []*Attempt
	for i, arn := range arns {
		j := job{op: op, arn: arn, context: t.Context, calls: k.set.Attempts, within: k.last(ctx)}
		if others := len(arns) - 1 - i; others > 0 { // another region is a better answer than waiting
			j.calls, j.within = 1, share(ctx, k.patience(), others)
		}
		here := k.inRegion(ctx, k.set.Candidates(t), j)
		attempts = append(attempts, here...)
		if here[len(here)-1].Err == nil || ctx.Err() != nil ||
			!slices.ContainsFunc(here, func(a *Attempt) bool { return a.Cause.regional() }) {
			break
		}
	}
	return attempts, nil
}

// patience returns how long one identity may take in one region where something
// else is left to try.
func (k *Keeper) patience() time.Duration { return cmp.Or(k.o.Attempt, DefaultAttempt) }

// last returns how long the last one may take, 0 if the caller limits it: a slow
// answer is better than none.
func (k *Keeper) last(ctx context.Context) time.Duration {
	if _, limited := deadline.Left(ctx); limited {
		return k.o.Attempt
	}
	return cmp.Or(k.o.Attempt, DefaultLast)
}

// share returns how long one region may take, so that something is left for the
// others of what the caller allows for all.
func share(ctx context.Context, attempt time.Duration, others int) time.Duration {
	left, limited := deadline.Left(ctx)
	if !limited {
		return attempt
	}
	return min(attempt, left/time.Duration(others+1))
}

// inRegion tries the identities one after the other. Those that begin with what
// gave no credentials need not be tried: they would fail in the same way, after
// a program was run or a person asked once more.
func (k *Keeper) inRegion(ctx context.Context, candidates []identity.Identity, j job) []*Attempt {
	var attempts []*Attempt
	barren := map[string]bool{} // profiles
	for i, id := range candidates {
		if barren[id.Profile] {
			continue
		}
		j.enter = j.within
		if slices.ContainsFunc(candidates[i+1:], func(next identity.Identity) bool { return next.Profile != id.Profile }) {
			j.enter = min(cmp.Or(j.within, k.patience()), k.patience())
		}
		a := k.attempt(ctx, id, j)
		attempts = append(attempts, a)
		barren[id.Profile] = a.barren()
		if a.Err == nil || ctx.Err() != nil || !a.Cause.personal() {
			break
		}
	}
	return attempts
}

// attempt does the job as id. Everything that happens on the way is a step.
func (k *Keeper) attempt(ctx context.Context, id identity.Identity, j job) *Attempt {
	a := newAttempt(id, j)
	s, err := k.enter(ctx, id, a, j)
	if err == nil {
		err = k.work(ctx, s, a, j)
	}
	if err != nil {
		a.failed(k.o.Env, s, err)
	}
	return a
}

// enter becomes id: it finds the profile, gets credentials and assumes roles.
func (k *Keeper) enter(ctx context.Context, id identity.Identity, a *Attempt, j job) (*session.Session, error) {
	if !k.pool.Asks(id) { // a person takes the time they need
		var cancel func()
		ctx, cancel = session.Limited(ctx, j.enter)
		defer cancel()
	}
	start := k.o.Now()
	s, err := k.pool.Session(ctx, id, a.Region)
	a.step("profile", k.o.Now().Sub(start), err)
	if err != nil {
		return nil, err
	}
	for _, source := range s.Sources {
		a.Call, a.URL, start = source.Call, source.URL, k.o.Now()
		c, err := source.Retrieve(ctx)
		err = session.InTime(ctx, err)
		a.step(source.Call, k.o.Now().Sub(start), err)
		if err != nil {
			return s, err
		}
		a.took(c)
	}
	return s, nil
}

// work makes the call that all this is for.
func (k *Keeper) work(ctx context.Context, s *session.Session, a *Attempt, j job) error {
	ctx, cancel := session.Limited(ctx, j.within)
	defer cancel()
	start := k.o.Now()
	a.Call, a.URL = j.op.call(), s.URL
	err := session.InTime(ctx, j.op.do(ctx, s, a, j))
	a.step(j.op.call(), k.o.Now().Sub(start), err)
	return err
}

// tellFallback warns if what the user's map asked for did not do, and something
// else did.
func (k *Keeper) tellFallback(m keeper.MasterKey, attempts []*Attempt) {
	first, last := attempts[0], attempts[len(attempts)-1]
	if first.id.Origin == identity.FromMap && first.Origin != last.Origin {
		k.warn(fmt.Sprintf("AWS KMS key %s: used %s, because another did not work: %v",
			m.Text(awskey.FieldARN), last.id, first))
	}
}

// expired reports whether the limit of an attempt was reached, or the caller's.
func expired(err error) bool { return errors.Is(err, context.DeadlineExceeded) }
