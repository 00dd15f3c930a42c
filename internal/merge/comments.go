package merge

import (
	"slices"

	"github.com/seed-1f7fdfb8/sops/tree"
)

// A part is an item of a map or a list with the comments that belong to it, which
// are before it in the tree: those in the lines above, and that on its own line.
type part struct {
	id    string // by which it is the same in all states
	key   string
	value tree.Node
	lead  []comment
}

// A comment is one line of text.
type comment struct {
	text   string
	inline bool
}

// partsOf divides the items of a container. The comments after the last item are
// the container's own.
func partsOf(items []tree.Item) (parts []part, tail []comment) {
	for _, it := range items {
		if c, ok := it.Value.(*tree.Comment); ok {
			tail = append(tail, comment{c.Text, c.Inline})
			continue
		}
		parts = append(parts, part{key: it.Key, value: it.Value, lead: tail})
		tail = nil
	}
	return parts, tail
}

// itemsOf puts the parts of a container together again.
func itemsOf(parts []part, tail []comment) []tree.Item {
	var out []tree.Item
	add := func(comments []comment, gone bool) {
		for _, c := range comments {
			out = append(out, tree.Item{Value: &tree.Comment{Text: c.text, Inline: c.inline && !gone, Ref: tree.NoRef}})
		}
	}
	for _, p := range parts {
		add(p.lead, p.value == nil)
		if p.value != nil {
			out = append(out, tree.Item{Key: p.key, Value: p.value})
		}
	}
	add(tail, true)
	return out
}

// lines merges comments. A comment is prose: where both sides changed it, both
// texts stay.
func (m *merger) lines(at tree.Address, o, a, b []comment) []comment {
	switch {
	case slices.Equal(a, b), slices.Equal(o, b):
		return a
	case slices.Equal(o, a):
		return b
	}
	out := slices.Clone(a)
	for _, line := range b {
		if !slices.Contains(a, line) && !slices.Contains(o, line) {
			out = append(out, line)
		}
	}
	if len(out) > len(a) && len(a) > 0 {
		m.notes = append(m.notes, "both sides changed a comment at "+at.String()+": both texts stay")
	}
	return out
}

// kept returns the comments of a removed item that a side wrote: those stay.
func kept(before, after []comment) []comment {
	var out []comment
	for _, line := range after {
		if !slices.Contains(before, line) {
			out = append(out, line)
		}
	}
	return out
}

// commentsOf merges the comments of one item into p. Absent states have none.
func (m *merger) commentsOf(at tree.Address, p *part, o, a, b *part) {
	none := &part{}
	if a == nil && b != nil && o == nil {
		a, o = none, none
	}
	if b == nil && a != nil && o == nil {
		b, o = none, none
	}
	for _, s := range []**part{&o, &a, &b} {
		if *s == nil {
			*s = none
		}
	}
	if p.value == nil {
		out := kept(o.lead, a.lead)
		p.lead = append(out, kept(slices.Concat(o.lead, out), b.lead)...)
		return
	}
	p.lead = m.lines(at, o.lead, a.lead, b.lead)
}

// strays returns the comments that a side wrote inside a value, and that are
// neither in what the value came to nor in the conflicts about it: another side
// replaced or removed what was around them.
func (m *merger) strays(conflicts []Conflict, p part, states [3]*part) []comment {
	known := map[string]bool{}
	note := func(n tree.Node) {
		for _, c := range commentsIn(n) {
			known[c.text] = true
		}
	}
	note(p.value)
	for _, c := range conflicts {
		note(c.Base)
		note(c.Ours)
		note(c.Theirs)
	}
	if states[0] != nil {
		note(states[0].value)
	}
	for _, c := range p.lead {
		known[c.text] = true
	}
	var out []comment
	for _, state := range states[1:] {
		if state == nil {
			continue
		}
		for _, c := range commentsIn(state.value) {
			if !known[c.text] {
				known[c.text] = true
				out = append(out, comment{text: c.text})
			}
		}
	}
	return out
}

func commentsIn(n tree.Node) (out []comment) {
	if n == nil {
		return nil
	}
	tree.Each(n, func(n tree.Node) {
		if c, ok := n.(*tree.Comment); ok {
			out = append(out, comment{c.Text, c.Inline})
		}
	})
	return out
}
