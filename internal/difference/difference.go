// Package difference finds the changes that lead from one content of a file to
// another one, and says which can be made at once.
//
//	changes, ok := difference.Between(before, after)
//
// It is not ok where no such changes say all: where a comment is another one, or
// keys are in another order.
package difference

import (
	"slices"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// Between returns the changes that lead from old to new, independent of
// each other, and whether there are such: comments, other documents and the order
// of keys must be the same.
func Between(old, new []*tree.Map) ([]format.Change, bool) {
	if len(old) != len(new) || len(old) == 0 || !slices.Equal(comments(old), comments(new)) {
		return nil, false
	}
	if tree.Diff(old[1:], new[1:]) != "" {
		return nil, false
	}
	d := differ{}
	d.node(nil, old[0], new[0])
	return d.changes(), !d.failed
}

// Below returns the changes that lead from a node to another one, if there
// are such.
func Below(at tree.Address, old, new tree.Node) ([]format.Change, bool) {
	d := differ{}
	d.node(at, old, new)
	return d.changes(), !d.failed
}

// comments lists the comments with their containers.
func comments(trees []*tree.Map) []string {
	var out []string
	for _, t := range trees {
		out = append(out, Comments(t)...)
	}
	return out
}

// Comments lists the comments in n with their containers.
func Comments(n tree.Node) []string {
	var out []string
	collectComments(&out, nil, n)
	return out
}

func collectComments(out *[]string, at tree.Address, n tree.Node) {
	below := func(n tree.Node, s tree.Step) {
		if c, ok := n.(*tree.Comment); ok {
			*out = append(*out, at.String()+"#"+c.Text)
			return
		}
		collectComments(out, append(at[:len(at):len(at)], s), n)
	}
	switch n := n.(type) {
	case *tree.Map:
		for _, it := range n.Items {
			below(it.Value, tree.Step{Key: it.Key, IsKey: true})
		}
	case *tree.List:
		for _, it := range n.Items {
			below(it, tree.Step{}) // positions move when elements go
		}
	}
}

// A differ collects changes.
type differ struct {
	sets, unsets []format.Change
	failed       bool
}

// changes returns them. Removals come last and from the end, so that no address
// moves under another change.
func (d *differ) changes() []format.Change {
	slices.Reverse(d.unsets)
	return append(d.sets, d.unsets...)
}

func (d *differ) set(at tree.Address, n tree.Node) {
	d.sets = append(d.sets, format.Change{At: at, New: n})
}

func (d *differ) unset(at tree.Address) { d.unsets = append(d.unsets, format.Change{At: at}) }

func (d *differ) node(at tree.Address, old, new tree.Node) {
	switch o := old.(type) {
	case *tree.Map:
		if n, ok := new.(*tree.Map); ok {
			d.maps(at, o, n)
			return
		}
	case *tree.List:
		if n, ok := new.(*tree.List); ok {
			d.lists(at, o, n)
			return
		}
	case *tree.Scalar:
		if n, ok := new.(*tree.Scalar); ok && n.Value == o.Value {
			return
		}
	}
	d.set(at, new)
}

func (d *differ) maps(at tree.Address, old, new *tree.Map) {
	before, after := Keys(old), Keys(new)
	if before == nil || after == nil {
		d.failed = true // a key is there twice
		return
	}
	for _, it := range old.Items {
		if tree.IsComment(it.Value) {
			continue
		}
		here := append(at[:len(at):len(at)], tree.Step{Key: it.Key, IsKey: true})
		if n, ok := after[it.Key]; ok {
			d.node(here, it.Value, n)
		} else {
			d.unset(here)
		}
	}
	for _, it := range new.Items {
		if _, ok := before[it.Key]; !ok && !tree.IsComment(it.Value) {
			d.set(append(at[:len(at):len(at)], tree.Step{Key: it.Key, IsKey: true}), it.Value)
		}
	}
}

// Keys returns the pairs of a map, nil if a key is there twice.
func Keys(m *tree.Map) map[string]tree.Node {
	out := map[string]tree.Node{}
	for _, it := range m.Items {
		if tree.IsComment(it.Value) {
			continue
		}
		if _, twice := out[it.Key]; twice {
			return nil
		}
		out[it.Key] = it.Value
	}
	return out
}

func (d *differ) lists(at tree.Address, old, new *tree.List) {
	a, b := elements(old), elements(new)
	step := func(i int) tree.Address { return append(at[:len(at):len(at)], tree.Step{Index: i}) }
	prefix, suffix := 0, 0
	for prefix < min(len(a), len(b)) && same(a[prefix], b[prefix]) {
		prefix++
	}
	for suffix < min(len(a), len(b))-prefix && same(a[len(a)-1-suffix], b[len(b)-1-suffix]) {
		suffix++
	}
	common := min(len(a), len(b)) - prefix - suffix
	for i := prefix; i < prefix+common; i++ {
		d.node(step(i), a[i], b[i])
	}
	for i := prefix + common; i < len(a)-suffix; i++ {
		d.unset(step(i))
	}
	if added := len(b) - suffix - prefix - common; added > 0 && suffix > 0 {
		d.failed = true // an element came in the middle
		return
	}
	for i := prefix + common; i < len(b)-suffix; i++ {
		d.set(step(i), b[i])
	}
}

func elements(l *tree.List) []tree.Node {
	return slices.DeleteFunc(slices.Clone(l.Items), tree.IsComment)
}

func same(a, b tree.Node) bool {
	d := differ{}
	d.node(nil, a, b)
	return !d.failed && len(d.sets) == 0 && len(d.unsets) == 0
}
