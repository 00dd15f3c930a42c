// Package diff3 finds how two sequences differ from a third that both came from.
//
//	for _, c := range diff3.Chunks(base, ours, theirs) {
//		if c.Conflicts() { ... }
//
// Changes of the two sides are apart only where an element that both kept lies
// between them: those that touch are one chunk.
package diff3

import "slices"

// A Span is a part of a sequence, from Start to before End.
type Span struct{ Start, End int }

// Len returns the number of elements.
func (s Span) Len() int { return s.End - s.Start }

// A Chunk is a part of all three sequences.
type Chunk struct {
	Base, Ours, Theirs Span
	// OursChanged and TheirsChanged say which side differs from the base there.
	// Alike says that both made the same of it.
	OursChanged, TheirsChanged, Alike bool
}

// Conflicts reports whether both sides changed the chunk, and differently.
func (c Chunk) Conflicts() bool { return c.OursChanged && c.TheirsChanged && !c.Alike }

// Chunks divides the three sequences, in order and without a gap.
func Chunks[T comparable](base, ours, theirs []T) []Chunk {
	a, b := matches(base, ours), matches(base, theirs)
	var out []Chunk
	at := Chunk{} // ends where the next chunk starts
	for {
		next := nextStable(a, b, at)
		if next < 0 {
			break
		}
		stable := Chunk{Base: Span{next, next}, Ours: Span{a[next], a[next]}, Theirs: Span{b[next], b[next]}}
		out = appendUnstable(out, base, ours, theirs, at, stable)
		for stable.Base.End < len(base) && a[stable.Base.End] == stable.Ours.End && b[stable.Base.End] == stable.Theirs.End {
			stable.Base.End++
			stable.Ours.End++
			stable.Theirs.End++
		}
		out = append(out, stable)
		at = stable
	}
	end := Chunk{Base: Span{Start: len(base)}, Ours: Span{Start: len(ours)}, Theirs: Span{Start: len(theirs)}}
	return appendUnstable(out, base, ours, theirs, at, end)
}

// nextStable returns the next element of the base that both sides have, or -1.
func nextStable(a, b []int, at Chunk) int {
	for i := at.Base.End; i < len(a); i++ {
		if a[i] >= at.Ours.End && b[i] >= at.Theirs.End {
			return i
		}
	}
	return -1
}

// appendUnstable appends what lies between two stable chunks, if it is anything.
func appendUnstable[T comparable](out []Chunk, base, ours, theirs []T, from, to Chunk) []Chunk {
	c := Chunk{
		Base: Span{from.Base.End, to.Base.Start}, Ours: Span{from.Ours.End, to.Ours.Start}, Theirs: Span{from.Theirs.End, to.Theirs.Start},
	}
	if c.Base.Len() == 0 && c.Ours.Len() == 0 && c.Theirs.Len() == 0 {
		return out
	}
	o, a, b := Part(base, c.Base), Part(ours, c.Ours), Part(theirs, c.Theirs)
	c.OursChanged, c.TheirsChanged, c.Alike = !slices.Equal(o, a), !slices.Equal(o, b), slices.Equal(a, b)
	return append(out, c)
}

// Part returns the elements of a span.
func Part[T any](all []T, s Span) []T { return all[s.Start:s.End] }

// matches returns, for each element of a, the place of the element of b that it
// is matched with, -1 if there is none. The matches are a longest common
// subsequence, unless a and b have next to nothing in common.
func matches[T comparable](a, b []T) []int {
	out := make([]int, len(a))
	for i := range out {
		out[i] = -1
	}
	start := 0
	for start < min(len(a), len(b)) && a[start] == b[start] {
		out[start] = start
		start++
	}
	endA, endB := len(a), len(b)
	for endA > start && endB > start && a[endA-1] == b[endB-1] {
		endA--
		endB--
		out[endA] = endB
	}
	for _, p := range shortest(a[start:endA], b[start:endB]) {
		out[start+p[0]] = start + p[1]
	}
	return out
}

// maxEdits bounds the work: two texts that differ more are taken to have nothing
// in common.
const maxEdits = 4000

// shortest returns the pairs of equal elements on a shortest way from a to b, as
// Myers finds it.
func shortest[T comparable](a, b []T) [][2]int {
	n, m := len(a), len(b)
	if n == 0 || m == 0 {
		return nil
	}
	limit := min(n+m, maxEdits)
	v := make([]int, 2*limit+2)
	var history [][]int
	for d := 0; d <= limit; d++ {
		// What round d reads are the diagonals from -d to d.
		history = append(history, slices.Clone(v[limit-d:limit+d+2]))
		for k := -d; k <= d; k += 2 {
			x := 0
			if k == -d || k != d && v[limit+k-1] < v[limit+k+1] {
				x = v[limit+k+1]
			} else {
				x = v[limit+k-1] + 1
			}
			y := x - k
			for x < n && y < m && a[x] == b[y] {
				x++
				y++
			}
			if v[limit+k] = x; x >= n && y >= m {
				return walkBack(history, n, m)
			}
		}
	}
	return nil
}

// walkBack follows the rounds back from the end and collects the equal pairs.
func walkBack(history [][]int, x, y int) [][2]int {
	var out [][2]int
	for d := len(history) - 1; d >= 0; d-- {
		v, k := history[d], x-y
		at := func(k int) int { return v[d+k] }
		before := k - 1
		if d == 0 {
			before = k
		} else if k == -d || k != d && at(k-1) < at(k+1) {
			before = k + 1
		}
		startX, startY := 0, 0
		if d > 0 {
			startX = at(before)
			startY = startX - before
		}
		for x > startX && y > startY {
			x--
			y--
			out = append(out, [2]int{x, y})
		}
		x, y = startX, startY
	}
	slices.Reverse(out)
	return out
}
