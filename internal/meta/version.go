package meta

import (
	"slices"
	"strconv"
	"strings"
)

// Newer reports whether version a is later than b. One that cannot be read is
// as old as any.
func Newer(a, b string) bool { return slices.Compare(numbers(a), numbers(b)) > 0 }

// numbers returns major, minor and patch as far as they are numbers.
func numbers(version string) []int {
	var out []int
	core, _, _ := strings.Cut(strings.TrimPrefix(version, "v"), "-")
	for part := range strings.SplitSeq(core, ".") {
		n, err := strconv.Atoi(part)
		if err != nil {
			break
		}
		out = append(out, n)
	}
	return out
}
