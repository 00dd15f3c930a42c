package yamltext

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// befores and afters are what can be around a gap with comments.
var befores = []string{
	"", "a: 1\n", "z: 0\na:\n  c: 1\n", "a:\n  b:\n    c: 1\n", "a:\n    c: 1\n", "a:\n  b:\n    c:\n      d: 1\n",
	"a:\n", "a:\n  b:\n", "a: # l\n", "a:\n  b: # l\n", "a:\n  - b\n", "a:\n- b\n", "- a\n", "- - a\n", "- a: 1\n", "-\n", "x:\n- a: 1\n",
	"x:\n  - a: 1\n", "x:\n  - a:\n    - b\n", "x:\n- a:\n  - b\n", "- b:\n    - c: 1\n", "a: {}\n", "z: 1\na: [b]\n", "z:\n  a: [b] # l\n", "z:\n- [b]\n",
	"z: 1\na: 'x' # l\n", "z: &x 1\na: *x\n", "z:\n  a: |\n    x\n", "z:\n  a: |-\n   x\n\n", "z:\n  a: x\n    y\n", "? a\n", "? a\n: b\n", "---\n", "a: 1\n---\n", "a: 1\n...\n",
	"z: [\n", "z: [a,\n", "z: [a\n", "z: {\n", "z: {a: b,\n", "z: {a: b\n", "z: {a:\n", "z: [a, # l\n", "z: {a: b, # l\n", "z:\n  a: &x # l\n", "z:\n  a: !t\n",
	"z: !t # l\n", "z:\n  - &x # l\n", "z:\n  - !t # l\n", "- - &x # l\n", "z: &x !t # l\n", "z:\n- !t &x # l\n", "- - - a\n", "-   - a: b\n",
}

var afters = []string{
	"", "y: 2\n", "  y: 2\n", "    y: 2\n", "- y\n", "  - y\n", "- y: 2\n", "  - y: 2\n  - w\n", "- - y\n", "y: [2]\n", "[y]\n", "- [y]\n", "  y\n", "---\ny: 2\n", "...\n", "y:\n  - w\n", "y: {w: 1}\n", ": y\n", "? y\n",
	"]\n", "y]\n", "}\n", "y: w}\n", ", y]\n", ", y: w}\n", "y]\nx: 1\n", "&x y: 2\n", "  !t\n  y: 2\n", "*x : 1\n", "  {y: 2}\n", "-\n- y\n",
}

// TestGapsAgreeWithTheLibrary: what comments belong to depends on what is
// around a gap and on the columns and blank lines in it. This is the product of
// all of these; with $SOPS_CORPUS, of longer gaps too.
func TestGapsAgreeWithTheLibrary(t *testing.T) {
	t.Parallel()
	n, asked, wrong := 0, 0, 0
	doubts := map[string]int{}
	befores := slices.Clone(befores)
	all := append(gaps(2, []int{0, 2, 4, 3}), gaps(3, []int{0, 2})...)
	crlf := gaps(2, []int{0, 2})
	if os.Getenv("SOPS_CORPUS") != "" {
		all, crlf = gaps(3, []int{0, 2, 4, 3}), gaps(3, []int{0, 2})
	}
	for _, lines := range crlf {
		all = append(all, strings.ReplaceAll(lines, "\n", "\r\n"))
	}
	// What is on the first line of a text is special to the library.
	for _, before := range befores {
		switch {
		case before == "", strings.HasPrefix(before, "---"):
		case before[0] == '-':
			befores = append(befores, "- zz\n"+before)
		case before[0] >= 'a':
			befores = append(befores, "zz: 0\n"+before)
		}
	}
	for _, lines := range all {
		for _, before := range befores {
			for _, after := range afters {
				text := before + lines + after
				if strings.Contains(lines, "\r") {
					text = strings.ReplaceAll(before, "\n", "\r\n") + lines + strings.ReplaceAll(after, "\n", "\r\n")
				}
				f, err := Parse(text)
				if err != nil {
					continue
				}
				n++
				if len(f.Doubts) > 0 {
					asked++
					doubts[f.Doubts[0].Construct]++
					continue
				}
				if d := disagreement(text, true); d != "" {
					if wrong++; wrong < 20 {
						t.Errorf("%q: %s", text, d)
					}
				}
			}
		}
	}
	t.Logf("%d texts, %d in doubt, %d wrong; %v", n, asked, wrong, doubts)
}

// gaps returns the gaps of up to n lines: blank ones, and comments at columns.
func gaps(n int, columns []int) []string {
	all := []string{""}
	for from := 0; n > 0; n-- {
		to := len(all)
		for _, g := range all[from:to] {
			all = append(all, g+"\n")
			for _, c := range columns {
				all = append(all, g+fmt.Sprintf("%s#%c\n", strings.Repeat(" ", c), 'p'+strings.Count(g, "#")))
			}
		}
		from = to
	}
	return all
}
