package json

import (
	"fmt"
	"strings"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/internal/jsontext"
	"github.com/seed-1f7fdfb8/sops/tree"
)

func (d *document) Set(a tree.Address, n tree.Node) ([]byte, error) {
	if len(a) == 0 {
		return nil, fmt.Errorf("%w: it is empty", tree.ErrAddress)
	}
	if !a[0].IsKey {
		return nil, fmt.Errorf("component %s: %w: the document is a map, it has keys", a[:1], tree.ErrNotFound)
	}
	e, err := d.set(a, n)
	if err != nil {
		return nil, err
	}
	return format.Splice(d.src, []format.Edit{e})
}

// set follows a as far as the file goes. There it replaces the value, adds a
// member, or puts a container where a single value is in the way.
func (d *document) set(a tree.Address, n tree.Node) (format.Edit, error) {
	at, style := &d.file.Root, jsontext.Style{}
	for i, s := range a {
		if s.IsKey != (at.Kind == jsontext.Object) || at.Kind == jsontext.Scalar {
			return d.replace(at, wrap(a[i:], n), style)
		}
		style = d.file.Style(at, d.unit)
		style.Raw = d.raw()
		next := member(at, s)
		if next < 0 {
			if at == &d.file.Root {
				at = d.beforeMeta()
			}
			return d.add(at, s.Key, wrap(a[i+1:], n), style)
		}
		at = &at.Members[next].Node
	}
	return d.replace(at, n, style)
}

// beforeMeta returns the root without the metadata, if that is its last member,
// so that what is added comes before it.
func (d *document) beforeMeta() *jsontext.Node {
	root := d.file.Root
	if d.meta > 0 && d.meta == len(root.Members)-1 {
		root.Members = root.Members[:d.meta]
	}
	return &root
}

func (d *document) replace(old *jsontext.Node, n tree.Node, style jsontext.Style) (format.Edit, error) {
	text, err := d.file.Replace(old, n, style)
	if err != nil {
		return format.Edit{}, writeError(err)
	}
	return format.Edit{Start: old.Start, End: old.End, Text: text}, nil
}

// raw reports whether the file spells < > & without escapes.
func (d *document) raw() bool {
	for _, escape := range []string{`\u003c`, `\u003e`, `\u0026`} {
		if strings.Contains(d.file.Text, escape) {
			return false
		}
	}
	return true
}

// wrap returns n below the steps of a.
func wrap(a tree.Address, n tree.Node) tree.Node {
	for i := len(a) - 1; i >= 0; i-- {
		if a[i].IsKey {
			n = &tree.Map{Items: []tree.Item{{Key: a[i].Key, Value: n}}}
		} else {
			n = &tree.List{Items: []tree.Node{n}}
		}
	}
	return n
}

func member(n *jsontext.Node, s tree.Step) int {
	if s.IsKey {
		return n.Find(s.Key)
	}
	if s.Index < len(n.Members) {
		return s.Index
	}
	return -1
}

func (d *document) Unset(a tree.Address) ([]byte, error) {
	if len(a) == 0 {
		return nil, fmt.Errorf("the document itself: %w", tree.ErrNotFound)
	}
	if _, err := tree.Find(d.trees[0], a); err != nil {
		return nil, err
	}
	n, last := &d.file.Root, len(a)-1
	for _, s := range a[:last] {
		n = &n.Members[member(n, s)].Node
	}
	start, end := n.Cut(member(n, a[last]), 0)
	return format.Splice(d.src, []format.Edit{{Start: start, End: end}})
}
