package yamltext

import (
	"strings"
	"testing"
)

// TestDepthIsThatOfTheLibrary: ten thousand levels are read, more are refused.
func TestDepthIsThatOfTheLibrary(t *testing.T) {
	t.Parallel()
	mixed := func(n int) string {
		return strings.Repeat("- ", n/2) + strings.Repeat("[", n-n/2) + strings.Repeat("]", n-n/2) + "\n"
	}
	shapes := map[string]func(n int) string{
		"flow sequences":  func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) + "\n" },
		"flow mappings":   func(n int) string { return strings.Repeat("{a: ", n) + "b" + strings.Repeat("}", n) + "\n" },
		"block sequences": func(n int) string { return strings.Repeat("- ", n) + "a\n" },
		"keys":            func(n int) string { return strings.Repeat("? ", n) + "a\n" },
		"both":            mixed,
		"both, twice":     func(n int) string { return mixed(2 * n) },
		"on lines":        func(n int) string { return strings.Repeat("[\n", n) + strings.Repeat("]", n) + "\n" },
	}
	for name, shape := range shapes {
		for _, n := range []int{9_990, 9_999, 10_000, 10_001, 10_002} {
			text := shape(n)
			_, err := Parse(text)
			_, want := readLibrary(text)
			if (err == nil) != (want == nil) {
				t.Errorf("%s, %d deep: %v, the library's is %v", name, n, err, want)
			}
		}
	}
}

// TestKeysAreAsLongAsTheLibraryTakesThem: an implicit key has at most 1024
// characters.
func TestKeysAreAsLongAsTheLibraryTakesThem(t *testing.T) {
	t.Parallel()
	for _, unit := range []string{"x", "é", "x y "} {
		for _, shape := range []string{"%: v\n", "\"%\": v\n", "{%: v}\n", "[\"%\": v]\n", "{\"%\" : v}\n", "[%]: v\n", "&a %: v\n", "- %  : v\n", "a: 1\n%: v\n", "'%'\n"} {
			for n := 1015; n <= 1030; n++ {
				name := []rune(strings.Repeat(unit, n))[:n]
				text := strings.ReplaceAll(shape, "%", string(name))
				if d := disagreement(text, true); d != "" {
					t.Errorf("%d of %q in %q: %s", n, unit, shape, d)
				}
			}
		}
	}
}
