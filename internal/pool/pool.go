// Package pool does work for many items at once and hands the results on in the
// order of the items.
//
//	err := pool.InOrder(ctx, files, 16, work, func(r result) error { return show(r) })
package pool

import (
	"context"
	"sync"
)

// window is how many results may wait for an earlier one, for each worker: so
// many are in memory at most.
const window = 4

// InOrder does work for each item, at most atOnce at a time. Items are begun in
// their order, and take gets the results in that order, each as soon as those
// before it are done. When ctx ends or take returns an error no more items are
// begun; what was begun is waited for, and take gets that as well. It returns the
// first error of take, else the cause of the end of ctx if items are left.
func InOrder[T, R any](ctx context.Context, items []T, atOnce int, work func(T) R, take func(R) error) error {
	atOnce = max(1, min(atOnce, len(items)))
	type job struct {
		item   T
		result chan R
	}
	var (
		jobs    = make(chan job)
		pending = make(chan chan R, atOnce*window)
		stop    = make(chan struct{})
		begun   = make(chan int, 1)
		workers sync.WaitGroup
	)
	for range atOnce {
		workers.Go(func() {
			for j := range jobs {
				j.result <- work(j.item)
			}
		})
	}
	workers.Go(func() {
		defer close(jobs)
		defer close(pending)
		n := 0
		defer func() { begun <- n }()
		for _, item := range items {
			if ctx.Err() != nil {
				return
			}
			j := job{item, make(chan R, 1)}
			select {
			case jobs <- j:
			case <-ctx.Done():
				return
			case <-stop:
				return
			}
			pending <- j.result // waits while the window is full
			n++
		}
	})
	var failed error
	for result := range pending {
		if err := take(<-result); err != nil && failed == nil {
			failed = err
			close(stop)
		}
	}
	workers.Wait()
	if n := <-begun; failed == nil && n < len(items) {
		failed = context.Cause(ctx)
	}
	return failed
}
