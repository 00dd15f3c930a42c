package kept_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/seed-1f7fdfb8/sops/internal/kept"
)

func TestCallsAtOnceShareOneSearch(t *testing.T) {
	t.Parallel()
	var v kept.Value[int]
	var searches atomic.Int32
	var calls sync.WaitGroup
	for range 8 {
		calls.Go(func() {
			got, err := v.Get(t.Context(), nil, func(context.Context) (int, error) { return int(searches.Add(1)), nil })
			if got != 1 || err != nil {
				t.Errorf("got %d, %v", got, err)
			}
		})
	}
	calls.Wait()
}

func TestWhatIsNotGoodIsFoundAnew(t *testing.T) {
	t.Parallel()
	var v kept.Value[int]
	n := 0
	next := func(context.Context) (int, error) { n++; return n, nil }
	failure := errors.New("no")
	steps := []struct {
		what string
		do   func() (int, error)
		want int
		err  error
	}{
		{"a search that fails", func() (int, error) {
			return v.Get(t.Context(), nil, func(context.Context) (int, error) { return 7, failure })
		}, 7, failure},
		{"is not kept", func() (int, error) { return v.Get(t.Context(), nil, next) }, 1, nil},
		{"a good one is", func() (int, error) { return v.Get(t.Context(), func(i int) bool { return i == 1 }, next) }, 1, nil},
		{"a bad one is replaced", func() (int, error) { return v.Get(t.Context(), func(i int) bool { return i > 1 }, next) }, 2, nil},
		{"dropping one that was replaced drops nothing", func() (int, error) {
			v.Drop(t.Context(), 1)
			return v.Get(t.Context(), nil, next)
		}, 2, nil},
		{"a dropped one is replaced", func() (int, error) {
			v.Drop(t.Context(), 2)
			return v.Get(t.Context(), nil, next)
		}, 3, nil},
	}
	for _, step := range steps {
		if got, err := step.do(); got != step.want || err != step.err {
			t.Errorf("%s: got %d, %v", step.what, got, err)
		}
	}
}

func TestWaitingEndsWithTheContext(t *testing.T) {
	t.Parallel()
	var v kept.Value[int]
	_, err := v.Get(t.Context(), nil, func(context.Context) (int, error) {
		reason := errors.New("enough")
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(reason)
		if _, err := v.Get(ctx, nil, nil); err != reason {
			t.Errorf("got %v", err)
		}
		if v.Drop(ctx, 0) {
			t.Error("dropped during a search")
		}
		return 1, nil
	})
	if err != nil {
		t.Error(err)
	}
}
