// Package suggest finds the word that was meant where one is mistyped.
//
//	suggest.Closest("encryptd_regex", names) // encrypted_regex
package suggest

import (
	"fmt"
	"strings"
)

// Closest returns the word of known that is most like word, the first of
// several, or "" if none is so like it that a slip of the finger explains the
// difference. Case does not count.
func Closest(word string, known []string) string {
	best, closest := tolerance(word)+1, ""
	for _, k := range known {
		if d := distance(strings.ToLower(word), strings.ToLower(k)); d < best {
			best, closest = d, k
		}
	}
	return closest
}

// DidYouMean returns the closest word as a question to add to a message, with
// a blank before it, or "".
func DidYouMean(word string, known []string) string {
	if s := Closest(word, known); s != "" {
		return fmt.Sprintf(" (did you mean %q?)", s)
	}
	return ""
}

// tolerance is how many slips are believable: one in a short word, one in four
// letters of a long one. A word must keep a letter of what it was.
func tolerance(word string) int {
	n := len([]rune(word))
	return min(max(1, n/4), n-1)
}

// distance counts the letters to insert, delete, replace or swap with their
// neighbour to make b of a.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	// One row of the table for each of the last three prefixes of x.
	before, last, row := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(x); i++ {
		before, last, row = last, row, before
		row[0] = i
		for j := 1; j <= len(y); j++ {
			replaced := last[j-1]
			if x[i-1] != y[j-1] {
				replaced++
			}
			row[j] = min(replaced, last[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return row[len(y)]
}
