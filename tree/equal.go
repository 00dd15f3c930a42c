package tree

import "fmt"

// Clone returns a deep copy of n; leaves keep their Ref.
func Clone(n Node) Node { return new(cloner).node(n) }

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
		return c.scalars.New(n.Value, n.Ref)
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
	if len(a) != len(b) {
		return fmt.Sprintf("%d documents became %d", len(a), len(b))
	}
	for i := range a {
		if text := diff(nil, a[i], b[i]); text != "" {
			return text
		}
	}
	return ""
}

// diff compares what stands at an address, behind which its memory is free.
func diff(at Address, a, b Node) string {
	switch a := a.(type) {
	case *Map:
		b, ok := b.(*Map)
		if !ok {
			return fmt.Sprintf("%s: a map became something else", at)
		}
		return diffMaps(at, a, b)
	case *List:
		b, ok := b.(*List)
		if !ok {
			return fmt.Sprintf("%s: a list became something else", at)
		}
		return diffLists(at, a, b)
	case *Scalar:
		b, ok := b.(*Scalar)
		if !ok {
			return fmt.Sprintf("%s: a single value became something else", at)
		}
		if a.Value.Kind() != b.Value.Kind() {
			return fmt.Sprintf("%s: the type of the value changed", at)
		}
		if a.Value != b.Value {
			return fmt.Sprintf("%s: the value changed", at)
		}
	}
	return ""
}

func diffMaps(at Address, a, b *Map) string {
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
		if text := diff(at, x.Value, b.Items[j].Value); text != "" {
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

func diffLists(at Address, a, b *List) string {
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
		if text := diff(at, x, b.Items[j]); text != "" {
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
