package rekey

import "sync"

// filesAtOnce is how many files are in work at a time: almost all of their time
// is waiting for a key service.
const filesAtOnce = 8

// inOrder does work for each item, at most atOnce at a time. The items are begun
// in their order, and the results are handed to take in that order, each as soon
// as those before it are done.
func inOrder[T, R any](items []T, atOnce int, work func(T) R, take func(R)) {
	results := make([]chan R, len(items))
	next := make(chan int, len(items))
	for i := range items {
		results[i] = make(chan R, 1)
		next <- i
	}
	close(next)
	var workers sync.WaitGroup
	for range min(atOnce, len(items)) {
		workers.Go(func() {
			for i := range next {
				results[i] <- work(items[i])
			}
		})
	}
	for _, result := range results {
		take(<-result)
	}
	workers.Wait()
}
