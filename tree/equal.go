package tree

import (
	"fmt"
	"slices"
)

// Clone returns a deep copy of n; leaves keep their Ref.
func Clone(n Node) Node { return new(cloner).node(n) }

// CloneAlong returns root with copies of the containers on the way to each address,
// so that it can be changed there; all else is root's own.
func CloneAlong(root *Map, at []Address) *Map {
	out := &Map{Items: slices.Clone(root.Items)}
	own, index := map[Node]bool{out: true}, Index{}
	for _, a := range at {
		var parent Node = out
		for _, s := range a {
			n := index.Child(parent, s)
			if n == nil {
				break
			}
			if !own[n] {
				var isContainer bool
				if n, isContainer = shallow(n); !isContainer {
					break
				}
				own[n] = true
				index.replace(parent, s, n)
			}
			parent = n
		}
	}
	return out
}

// shallow returns a copy of a container that has the same items.
func shallow(n Node) (Node, bool) {
	switch n := n.(type) {
	case *Map:
		return &Map{Items: slices.Clone(n.Items)}, true
	case *List:
		return &List{Items: slices.Clone(n.Items)}, true
	}
	return n, false
}

type cloner struct{ scalars Scalars }

func (c *cloner) node(n Node) Node {
	switch n := n.(type) {
	case *Map:
		m := &Map{Items: make([]Item, len(n.Items))}
		for i, it := range n.Items {
			m.Items[i] = Item{Key: it.Key, Value: c.node(it.Value)}
		}
		return m
	case *List:
		l := &List{Items: make([]Node, len(n.Items))}
		for i, it := range n.Items {
			l.Items[i] = c.node(it)
		}
		return l
	case *Scalar:
		s := c.scalars.New(n.Value, n.Ref)
		s.Spelling = n.Spelling
		return s
	case *Comment:
		copied := *n
		return &copied
	}
	return nil
}

// Diff returns where a and b first differ in keys, order, shape or values, or
// "" if they do not. Comments are not looked at, nor are the places of leaves.
// The text names a path and never a value.
func Diff(a, b []*Map) string {
	return DiffAs(a, func(s *Scalar) Value { return s.Value }, b)
}

// DiffAs does the same with other values in the place of a's own.
func DiffAs(a []*Map, valueOf func(*Scalar) Value, b []*Map) string {
	d := differ{valueOf}
	if len(a) != len(b) {
		return fmt.Sprintf("%d documents became %d", len(a), len(b))
	}
	for i := range a {
		if text := d.node(nil, a[i], b[i]); text != "" {
			return text
		}
	}
	return ""
}

// A differ compares; an address is that of the nodes in hand, and the memory
// beyond it is free.
type differ struct{ valueOf func(*Scalar) Value }

func (d differ) node(at Address, a, b Node) string {
	switch a := a.(type) {
	case *Map:
		b, ok := b.(*Map)
		if !ok {
			return fmt.Sprintf("%s: a map became something else", at)
		}
		return d.maps(at, a, b)
	case *List:
		b, ok := b.(*List)
		if !ok {
			return fmt.Sprintf("%s: a list became something else", at)
		}
		return d.lists(at, a, b)
	case *Scalar:
		b, ok := b.(*Scalar)
		if !ok {
			return fmt.Sprintf("%s: a single value became something else", at)
		}
		v := d.valueOf(a)
		if v.Kind() != b.Value.Kind() {
			return fmt.Sprintf("%s: the type of the value changed", at)
		}
		if v != b.Value {
			return fmt.Sprintf("%s: the value changed", at)
		}
	}
	return ""
}

func (d differ) maps(at Address, a, b *Map) string {
	depth, j := len(at), 0
	for _, x := range a.Items {
		if IsComment(x.Value) {
			continue
		}
		for j < len(b.Items) && IsComment(b.Items[j].Value) {
			j++
		}
		at = append(at[:depth], Step{Key: x.Key, IsKey: true})
		if j == len(b.Items) || b.Items[j].Key != x.Key {
			return fmt.Sprintf("%s: the key went or moved", at)
		}
		if text := d.node(at, x.Value, b.Items[j].Value); text != "" {
			return text
		}
		j++
	}
	for ; j < len(b.Items); j++ {
		if !IsComment(b.Items[j].Value) {
			return fmt.Sprintf("%s: the key came", append(at[:depth], Step{Key: b.Items[j].Key, IsKey: true}))
		}
	}
	return ""
}

func (d differ) lists(at Address, a, b *List) string {
	depth, j, n := len(at), 0, 0
	for _, x := range a.Items {
		if IsComment(x) {
			continue
		}
		for j < len(b.Items) && IsComment(b.Items[j]) {
			j++
		}
		if j == len(b.Items) {
			return fmt.Sprintf("%s: the list became shorter", at[:depth])
		}
		at = append(at[:depth], Step{Index: n})
		if text := d.node(at, x, b.Items[j]); text != "" {
			return text
		}
		j, n = j+1, n+1
	}
	for ; j < len(b.Items); j++ {
		if !IsComment(b.Items[j]) {
			return fmt.Sprintf("%s: the list became longer", at[:depth])
		}
	}
	return ""
}

// CloneAll returns a deep copy of documents.
func CloneAll(trees []*Map) []*Map {
	out := make([]*Map, len(trees))
	for i, t := range trees {
		out[i] = Clone(t).(*Map)
	}
	return out
}

// NumbersAsTexts returns n with numbers as they were typed.
func NumbersAsTexts(n Node) Node {
	n = Clone(n)
	Each(n, func(n Node) {
		if s, ok := n.(*Scalar); ok && s.Spelling != "" {
			s.Value, s.Spelling = StringValue(s.Spelling), ""
		}
	})
	return n
}
