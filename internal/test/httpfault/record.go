package httpfault

import "sync"

// A Record lists what a double sees, for tests that ask what has come since they
// asked last. The zero value is empty.
type Record[T any] struct {
	mu  sync.Mutex
	all []T
}

// Add adds something and returns how much there was before.
func (r *Record[T]) Add(one T) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, one)
	return len(r.all) - 1
}

// Change changes what Add has added, unless it was taken since.
func (r *Record[T]) Change(at int, change func(*T)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if at < len(r.all) {
		change(&r.all[at])
	}
}

// Take returns all that was added since it was last called.
func (r *Record[T]) Take() []T {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := r.all
	r.all = nil
	return all
}
