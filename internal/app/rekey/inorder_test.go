package rekey

import (
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
	inOrder(items[:atOnce], atOnce, func(n int) int {
		if n == atOnce-1 {
			close(gate)
		}
		<-gate
		return n
	}, func(n int) { got = append(got, n) })
	if !slices.Equal(got, items[:atOnce]) {
		t.Errorf("got %v, want %v", got, items[:atOnce])
	}
	got = nil
	inOrder(items, atOnce, func(n int) int {
		now := running.Add(1)
		for old := most.Load(); now > old && !most.CompareAndSwap(old, now); old = most.Load() {
		}
		defer running.Add(-1)
		return n
	}, func(n int) { got = append(got, n) })
	if !slices.Equal(got, items) || most.Load() > atOnce {
		t.Errorf("got %v with %d at once, want the items in order with at most %d", got, most.Load(), atOnce)
	}
}

func TestOneAtATimeIsInOrder(t *testing.T) {
	t.Parallel()
	var began []int
	inOrder([]int{1, 2, 3, 4, 5}, 1, func(n int) int {
		began = append(began, n) // a race if two were at work at once
		return n
	}, func(int) {})
	if !slices.Equal(began, []int{1, 2, 3, 4, 5}) {
		t.Errorf("begun in the order %v", began)
	}
}
