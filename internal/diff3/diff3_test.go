package diff3

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// shown writes chunks as base/ours/theirs, conflicts with an exclamation mark.
func shown(base, ours, theirs string) string {
	o, a, b := []byte(base), []byte(ours), []byte(theirs)
	var parts []string
	for _, c := range Chunks(o, a, b) {
		s := string(Part(o, c.Base)) + "/" + string(Part(a, c.Ours)) + "/" + string(Part(b, c.Theirs))
		if c.Conflicts() {
			s += "!"
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, " ")
}

func TestChunks(t *testing.T) {
	for _, c := range []struct{ base, ours, theirs, want string }{
		{"", "", "", ""},
		{"ab", "ab", "ab", "ab/ab/ab"},
		{"ab", "zab", "abc", "/z/ ab/ab/ab //c"},
		{"abc", "bc", "abcd", "a//a bc/bc/bc //d"},
		{"ab", "Ab", "aB", "ab/Ab/aB!"},
		{"aXb", "AXb", "aXB", "a/A/a X/X/X b/b/B"},
		{"xxx", "xx", "xxxy", "xx/xx/xx x//xy!"},
		{"a", "ab", "ab", "a/a/a /b/b"},
		{"a", "ab", "ac", "a/a/a /b/c!"},
		{"abc", "ac", "ac", "a/a/a b// c/c/c"},
		{"", "a", "b", "/a/b!"},
	} {
		if got := shown(c.base, c.ours, c.theirs); got != c.want {
			t.Errorf("%q %q %q: got %s, want %s", c.base, c.ours, c.theirs, got, c.want)
		}
	}
}

// The chunks cover all three sequences, in order, and sides swapped are the same
// chunks swapped.
func TestChunksCoverEverything(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		o, a, b := word(r), word(r), word(r)
		checkChunks(t, o, a, b)
	}
}

func word(r *rand.Rand) []byte {
	out := make([]byte, r.IntN(9))
	for i := range out {
		out[i] = byte('a' + r.IntN(4))
	}
	return out
}

func checkChunks(t *testing.T, o, a, b []byte) {
	t.Helper()
	var base, ours, theirs []byte
	chunks, swapped := Chunks(o, a, b), Chunks(o, b, a)
	for i, c := range chunks {
		base, ours, theirs = append(base, Part(o, c.Base)...), append(ours, Part(a, c.Ours)...), append(theirs, Part(b, c.Theirs)...)
		c.Ours, c.Theirs, c.OursChanged, c.TheirsChanged = c.Theirs, c.Ours, c.TheirsChanged, c.OursChanged
		if i >= len(swapped) || c != swapped[i] {
			t.Fatalf("%q %q %q: swapped sides give other chunks: %v, %v", o, a, b, chunks, swapped)
		}
	}
	if !slices.Equal(base, o) || !slices.Equal(ours, a) || !slices.Equal(theirs, b) {
		t.Fatalf("%q %q %q: the chunks give %q %q %q", o, a, b, base, ours, theirs)
	}
}

func FuzzChunksCoverEverything(f *testing.F) {
	f.Add([]byte("abc"), []byte("zabc"), []byte("ac"))
	f.Fuzz(func(t *testing.T, o, a, b []byte) { checkChunks(t, o, a, b) })
}

// The matches are a longest common subsequence: as long as the table of all
// prefixes says.
func TestMatchesAreTheMost(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 5000 {
		a, b := word(r), word(r)
		n := 0
		for i, j := range matches(a, b) {
			if j >= 0 {
				if n++; a[i] != b[j] {
					t.Fatalf("%q %q: unequal elements are matched", a, b)
				}
			}
		}
		if want := longest(a, b); n != want {
			t.Fatalf("%q %q: %d matches, want %d", a, b, n, want)
		}
	}
}

func longest(a, b []byte) int {
	row := make([]int, len(b)+1)
	for i := range a {
		diagonal := 0
		for j := range b {
			above := row[j+1]
			if row[j+1] = max(above, row[j]); a[i] == b[j] {
				row[j+1] = diagonal + 1
			}
			diagonal = above
		}
	}
	return row[len(b)]
}
