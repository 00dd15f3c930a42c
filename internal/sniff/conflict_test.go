package sniff

import (
	"bytes"
	"strings"
	"testing"
)

// A marker is found wherever it is, and only at the beginning of a line.
func TestMarkersOfConflictsAreFound(t *testing.T) {
	t.Parallel()
	slow := func(text []byte) int {
		for _, marker := range []string{"<<<<<<< ", ">>>>>>> "} {
			for i, line := range strings.Split(string(text), "\n") {
				if strings.HasPrefix(line, marker) {
					return i + 1
				}
			}
		}
		return 0
	}
	for before := range 40 {
		for _, gap := range []string{"", "x", "\n", "x\n", "<", "<\n", ">\n<"} {
			for _, marker := range []string{"<<<<<<< a", ">>>>>>> b", "<<<<<<<", "<<<<<<<<< ", "======= ", ">>>>>>> b\n<<<<<<< a", "a<<<<<<< "} {
				text := []byte(strings.Repeat("y", before) + gap + marker + "\nz: 1\n")
				if got, want := Conflict(text), slow(text); got != want {
					t.Errorf("%q: line %d, not %d", text, got, want)
				}
				if text = bytes.ReplaceAll(text, []byte("yy"), []byte("y\n")); Conflict(text) != slow(text) {
					t.Errorf("%q: line %d, not %d", text, Conflict(text), slow(text))
				}
			}
		}
	}
}
