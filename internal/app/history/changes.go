package history

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/hint"
)

// A change is one value or key that differs between two states.
type change struct {
	Sign   string `json:"-"`
	What   string `json:"what"` // added, removed, changed, encrypted anew, key added, key removed
	Path   string `json:"path"`
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
}

// between lists how two contents differ, in the order of the new one. rotated says
// that nothing but the tokens did.
func between(a, b *content) (out []change, rotated bool) {
	same, tokens := 0, 0
	for _, at := range b.order {
		after := b.leaves[at]
		before, ok := a.leaves[at]
		if !ok {
			out = append(out, change{"+", "added", at, "", after.shown})
			continue
		}
		equal, certain := equalLeaves(before, after)
		switch {
		case equal && before.token == after.token:
			same++
		case equal:
			tokens++
		case certain:
			out = append(out, change{"~", "changed", at, before.shown, after.shown})
		default:
			out = append(out, change{"?", "changed or encrypted anew", at, before.shown, after.shown})
		}
	}
	for _, at := range a.order {
		if _, ok := b.leaves[at]; !ok {
			out = append(out, change{"-", "removed", at, a.leaves[at].shown, ""})
		}
	}
	for _, k := range b.keys {
		if !slices.Contains(a.keys, k) {
			out = append(out, change{"+", "key added", k, "", ""})
		}
	}
	for _, k := range a.keys {
		if !slices.Contains(b.keys, k) {
			out = append(out, change{"-", "key removed", k, "", ""})
		}
	}
	return out, tokens > 0 && same == 0
}

// equalLeaves compares as far as is known. Where only the tokens are, two that
// differ say nothing for certain, unless one is not encrypted.
func equalLeaves(a, b leaf) (equal, certain bool) {
	if a.text != "" && b.text != "" {
		return a.text == b.text, true
	}
	if a.token == b.token {
		return true, true
	}
	return false, a.token == "" || b.token == ""
}

// isKey reports whether a change is one of the keys of the file.
func (c change) isKey() bool { return strings.HasPrefix(c.What, "key ") }

// print writes a change for people.
func (c change) print(w io.Writer, indent string, values bool) {
	path := hint.Line(c.Path)
	if c.isKey() {
		path = "key " + path
	}
	fmt.Fprintf(w, "%s%s %s\n", indent, c.Sign, path)
	if !values || c.isKey() {
		return
	}
	if c.Before != "" {
		fmt.Fprintf(w, "%s    - %s\n", indent, hint.Line(c.Before))
	}
	if c.After != "" {
		fmt.Fprintf(w, "%s    + %s\n", indent, hint.Line(c.After))
	}
}

// masked is the change without values.
func (c change) masked() change {
	c.Before, c.After = "", ""
	return c
}
