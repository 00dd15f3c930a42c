package rekey

// filesAtOnce is how many files are in work at a time: almost all of their time
// is waiting for a key service.
const filesAtOnce = 8

// inOrder does work for each item, a few at a time, and hands the results to
// take in the order of the items, each as soon as those before it are done.
func inOrder[T, R any](items []T, atOnce int, work func(T) R, take func(R)) {
	results := make([]chan R, len(items))
	free := make(chan struct{}, atOnce)
	for i, item := range items {
		results[i] = make(chan R, 1)
		go func() {
			free <- struct{}{}
			defer func() { <-free }()
			results[i] <- work(item)
		}()
	}
	for _, result := range results {
		take(<-result)
	}
}
