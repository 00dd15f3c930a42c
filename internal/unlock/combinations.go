package unlock

import (
	"iter"
	"slices"
)

// combinations yields every subset of n elements of all, in order of position.
// Each is the caller's own.
func combinations(all []int, n int) iter.Seq[[]int] {
	return func(yield func([]int) bool) { choose(nil, all, n, yield) }
}

// choose extends chosen by n elements of rest in every way; it returns false
// once yield has.
func choose(chosen, rest []int, n int, yield func([]int) bool) bool {
	if n == 0 {
		return yield(slices.Clone(chosen))
	}
	for i := 0; i+n <= len(rest); i++ {
		if !choose(append(chosen, rest[i]), rest[i+1:], n-1, yield) {
			return false
		}
	}
	return true
}
