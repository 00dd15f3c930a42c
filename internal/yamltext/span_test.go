package yamltext

import (
	"fmt"
	"strings"
	"testing"

	"github.com/seed-1f7fdfb8/sops/internal/yamltext/internal/char"
)

// spans checks the law of spans: nodes and comments are in order and apart, and
// the text of a scalar alone reads as the scalar.
type spans struct {
	*File
	errs []string
	at   int32 // where the last leaf ended
}

func spanErrors(f *File) []string {
	s := &spans{File: f}
	for i := range f.Documents {
		d := &f.Documents[i]
		s.at = max(s.at, d.Start)
		s.node(d.Root, -1, false)
		if s.at > d.End {
			s.bad(d.Root, "the document ends before its root")
		}
	}
	last := int32(0)
	for _, c := range f.All() {
		if c.Start < last || f.Text[c.Start] != '#' || char.LineEnd(f.Text, int(c.Start)) != int(c.End) {
			s.errs = append(s.errs, fmt.Sprintf("comment at [%d,%d)", c.Start, c.End))
		}
		last = c.End
	}
	return s.errs
}

func (s *spans) bad(id ID, format string, args ...any) {
	n := s.Node(id)
	s.errs = append(s.errs, fmt.Sprintf("node %d at [%d,%d,%d): ", id, n.Prop, n.Start, n.End)+fmt.Sprintf(format, args...))
}

func (s *spans) node(id ID, column int32, flow bool) {
	n := s.Node(id)
	if n.Prop < s.at || n.Start < n.Prop || n.End < n.Start || int(n.End) > len(s.Text) {
		s.bad(id, "out of order: what is before ends at %d", s.at)
		return
	}
	switch {
	case n.Kind == Alias:
		if s.Text[n.Start:n.End] != "*"+s.Anchor(id) {
			s.bad(id, "no alias there")
		}
	case n.Kind == Scalar:
		s.scalar(id, column, flow)
	default:
		s.at = n.Start
		inside := column
		if n.Style == Block {
			inside = n.Column
		} else if first := s.Text[n.Start]; !n.Single && (first != '[' && first != '{' || s.Text[n.End-1] != first+2) {
			s.bad(id, "no brackets there")
		}
		for c := range s.Children(id) {
			s.node(c, inside, flow || n.Style == Flow)
		}
		if s.at > n.End {
			s.bad(id, "ends before its last child")
		}
	}
	s.at = n.End
}

func (s *spans) scalar(id ID, column int32, flow bool) {
	n := s.Node(id)
	text := s.Text[n.Start:n.End]
	if n.Empty() {
		return
	}
	alone := "--- " + text + "\n"
	switch {
	case n.Style == Literal || n.Style == Folded:
		alone = strings.Repeat(" ", int(max(column, 0))) + "k: " + text
		if int(n.End) < len(s.Text) {
			alone += s.Text[n.End : int(n.End)+char.BreakLen(s.Text, int(n.End))]
		}
		if column < 0 {
			alone = "--- " + strings.TrimPrefix(alone, "k: ")
		}
	case n.Style == Plain && strings.HasSuffix(text, ":"):
		s.at = n.End // it would be a key, alone
		return
	case flow:
		alone = "--- [" + text + "\n]"
	}
	f, err := Parse(alone)
	if err != nil {
		s.bad(id, "%q: %v", alone, err)
		return
	}
	got := f.Documents[0].Root
	if flow || f.Node(got).Kind == Mapping {
		got = f.First(got)
	}
	if f.Node(got).Kind == Scalar && n.Style >= Literal && n.Style <= Folded && column >= 0 {
		got = f.Next(got)
	}
	if f.Value(got) != s.Value(id) || f.Node(got).Style != n.Style {
		s.bad(id, "%q alone reads as %q, not %q", alone, f.Value(got), s.Value(id))
	}
}

func TestSpansAreInOrderAndReadAsTheirValues(t *testing.T) {
	t.Parallel()
	for name, text := range corpus(t) {
		if f, err := Parse(text); err == nil {
			for _, e := range spanErrors(f) {
				t.Errorf("%s: %s", name, e)
			}
		}
	}
	for _, before := range befores {
		for _, after := range afters {
			if f, err := Parse(before + after); err == nil {
				for _, e := range spanErrors(f) {
					t.Errorf("%q: %s", before+after, e)
				}
			}
		}
	}
}

func Parse(text string) (*File, error) { return Options{}.Parse(text) }
