package keepertest

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/seed-1f7fdfb8/sops/keeper"
)

func concurrency(t *testing.T, c Case) {
	k, d := c.New(t), data(keeper.Size)
	w := c.wrapped(t, k, d)
	const calls = 8
	var all sync.WaitGroup
	for range calls {
		all.Go(func() {
			again, err := k.Wrap(t.Context(), c.Key, d)
			if err != nil {
				t.Errorf("wrap: %v", err)
				return
			}
			for _, entry := range []keeper.WrappedKey{w, again} {
				if got, err := k.Unwrap(t.Context(), entry); err != nil || !got.Equal(d) {
					t.Errorf("unwrap: %v, the same bytes: %v", err, err == nil && got.Equal(d))
				}
			}
		})
	}
	all.Wait()
}

// fault holds that calls end in time while the key service fails, rightly or
// with an error, and that the same keeper works once it does not.
func (c Case) fault(t *testing.T, begin func() (mend func())) {
	k, d := c.New(t), data(keeper.Size)
	w := c.wrapped(t, k, d)
	mend := sync.OnceFunc(begin())
	defer mend()
	for what, call := range map[string]func(context.Context) error{
		"wrap": func(ctx context.Context) error {
			_, err := k.Wrap(ctx, c.Key, d)
			return err
		},
		"unwrap": func(ctx context.Context) error {
			got, err := k.Unwrap(ctx, w)
			if err == nil && !got.Equal(d) {
				t.Error("other data came out")
			}
			return err
		},
	} {
		c.silent(t, inTime(t, what+" with a deadline", call, context.WithTimeout), d)
		c.silent(t, inTime(t, what+" that is cancelled", call, cancelAfter), d)
	}
	mend()
	if got, err := c.New(t).Unwrap(t.Context(), w); err != nil || !got.Equal(d) {
		t.Errorf("a new keeper, after the fault: %v", err)
	}
	if got, err := k.Unwrap(t.Context(), w); err != nil || !got.Equal(d) {
		t.Errorf("the same keeper, after the fault: %v", err)
	}
}

// cancelAfter returns a context that is cancelled after a time.
func cancelAfter(parent context.Context, after time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(parent)
	timer := time.AfterFunc(after, cancel)
	return ctx, func() { timer.Stop(); cancel() }
}

// inTime makes a call whose context ends soon.
func inTime(t *testing.T, what string, call func(context.Context) error, end func(context.Context, time.Duration) (context.Context, context.CancelFunc)) error {
	t.Helper()
	ctx, cancel := end(t.Context(), brief)
	defer cancel()
	start := time.Now()
	err := call(ctx)
	if took := time.Since(start); took > brief+grace {
		t.Errorf("%s took %s, with a context of %s", what, took, brief)
	}
	if ctx.Err() != nil && err == nil {
		t.Errorf("%s: no error although the context has ended", what)
	}
	return err
}
