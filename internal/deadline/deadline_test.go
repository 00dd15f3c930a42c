package deadline

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

var errSlow = errors.New("too slow")

func TestADeadlineEndsItsContextsWithItsCause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := With(t.Context(), time.Second, errSlow)
		defer cancel()
		child, cancelChild := context.WithCancel(ctx)
		defer cancelChild()
		time.Sleep(2 * time.Second)
		synctest.Wait()
		for _, c := range []context.Context{ctx, child} {
			if !errors.Is(c.Err(), context.DeadlineExceeded) || !errors.Is(context.Cause(c), errSlow) {
				t.Errorf("err %v, cause %v", c.Err(), context.Cause(c))
			}
		}
	})
}

func TestTheTimeOfAPersonIsNotCounted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		outer, cancel := With(t.Context(), 10*time.Second, errSlow)
		defer cancel()
		inner, cancel := With(outer, 3*time.Second, errSlow)
		defer cancel()
		time.Sleep(2 * time.Second)
		resume, again := Pause(inner), Pause(inner)
		time.Sleep(time.Hour)
		resume()
		time.Sleep(time.Hour)
		if left, ok := Left(inner); inner.Err() != nil || outer.Err() != nil || !ok || left != time.Second {
			t.Fatalf("%v, %v, %s left", inner.Err(), outer.Err(), left)
		}
		again()
		time.Sleep(1500 * time.Millisecond)
		synctest.Wait()
		if inner.Err() == nil || outer.Err() != nil {
			t.Errorf("inner: %v, outer: %v", inner.Err(), outer.Err())
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if !errors.Is(outer.Err(), context.DeadlineExceeded) {
			t.Errorf("outer: %v", outer.Err())
		}
	})
}

func TestAPausedDeadlineStillEndsWithItsParent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		parent, stop := context.WithCancelCause(t.Context())
		ctx, cancel := With(parent, time.Second, errSlow)
		defer cancel()
		defer Pause(ctx)()
		gone := errors.New("the user has gone")
		stop(gone)
		<-ctx.Done()
		if !errors.Is(ctx.Err(), context.Canceled) || !errors.Is(context.Cause(ctx), gone) {
			t.Errorf("err %v, cause %v", ctx.Err(), context.Cause(ctx))
		}
		if _, ok := Left(parent); ok {
			t.Error("the parent has a deadline")
		}
	})
}

func TestWorkThatCannotEndIsLeft(t *testing.T) {
	t.Parallel()
	if v, err := Until(t.Context(), func() (int, error) { return 1, errSlow }); v != 1 || err != errSlow {
		t.Errorf("got %d, %v", v, err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	block := make(chan struct{})
	defer close(block)
	gone := errors.New("gone")
	time.AfterFunc(time.Millisecond, func() { cancel(gone) })
	if v, err := Until(ctx, func() (int, error) { <-block; return 1, nil }); v != 0 || err != gone {
		t.Errorf("got %d, %v", v, err)
	}
}
