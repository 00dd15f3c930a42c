package pool

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
)

func TestResultsComeInOrderFromABoundedPool(t *testing.T) {
	t.Parallel()
	const atOnce = 3
	items := make([]int, 50)
	for i := range items {
		items[i] = i
	}
	var running, most atomic.Int32
	gate := make(chan struct{}) // the last item opens it: the first results are late
	var got []int
	_ = InOrder(t.Context(), items[:atOnce], atOnce, func(n int) int {
		if n == atOnce-1 {
			close(gate)
		}
		<-gate
		return n
	}, func(n int) error { got = append(got, n); return nil })
	if !slices.Equal(got, items[:atOnce]) {
		t.Errorf("got %v, want %v", got, items[:atOnce])
	}
	got = nil
	_ = InOrder(t.Context(), items, atOnce, func(n int) int {
		now := running.Add(1)
		for old := most.Load(); now > old && !most.CompareAndSwap(old, now); old = most.Load() {
		}
		defer running.Add(-1)
		return n
	}, func(n int) error { got = append(got, n); return nil })
	if !slices.Equal(got, items) || most.Load() > atOnce {
		t.Errorf("got %v with %d at once, want the items in order with at most %d", got, most.Load(), atOnce)
	}
}

func TestOneAtATimeIsInOrder(t *testing.T) {
	t.Parallel()
	var began []int
	_ = InOrder(t.Context(), []int{1, 2, 3, 4, 5}, 1, func(n int) int {
		began = append(began, n) // a race if two were at work at once
		return n
	}, func(int) error { return nil })
	if !slices.Equal(began, []int{1, 2, 3, 4, 5}) {
		t.Errorf("begun in the order %v", began)
	}
}

func TestNothingIsBegunAfterTheEndOfTheContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("enough")
	var begun atomic.Int32
	taken := 0
	err := InOrder(ctx, make([]int, 1000), 4, func(int) int {
		if begun.Add(1) == 10 {
			cancel(why)
		}
		return 0
	}, func(int) error { taken++; return nil })
	if !errors.Is(err, why) {
		t.Errorf("got %v, want the cause of the end", err)
	}
	if n := int(begun.Load()); n != taken || n > 20 {
		t.Errorf("%d items were begun and %d results taken; want the same number, and few after the end", n, taken)
	}
}

func TestAnErrorOfTakeEndsTheWork(t *testing.T) {
	t.Parallel()
	full := errors.New("no room")
	var begun atomic.Int32
	err := InOrder(t.Context(), make([]int, 1000), 4, func(int) int { begun.Add(1); return 0 }, func(int) error { return full })
	if !errors.Is(err, full) || begun.Load() > 100 {
		t.Errorf("got %v after %d items, want %v after few", err, begun.Load(), full)
	}
}
