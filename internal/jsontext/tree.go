package jsontext

import "github.com/seed-1f7fdfb8/sops/tree"

// Tree returns the root without the members named reserved, and its scalars in
// order; the Ref of each is its position there.
func (f *File) Tree(reserved string) (*tree.Map, []*Node) {
	b := builder{refs: true, leaves: make([]*Node, 0, len(f.Root.Members))}
	m := &tree.Map{Items: make([]tree.Item, 0, len(f.Root.Members))}
	for i := range f.Root.Members {
		member := &f.Root.Members[i]
		if member.Key != reserved {
			m.Items = append(m.Items, tree.Item{Key: member.Key, Value: b.node(&member.Node)})
		}
	}
	return m, b.leaves
}

// Tree returns n as a tree that is in no document.
func (n *Node) Tree() tree.Node {
	var b builder
	return b.node(n)
}

type builder struct {
	refs    bool
	leaves  []*Node
	scalars tree.Scalars
}

func (b *builder) node(n *Node) tree.Node {
	switch n.Kind {
	case Object:
		m := &tree.Map{Items: make([]tree.Item, len(n.Members))}
		for i := range n.Members {
			m.Items[i] = tree.Item{Key: n.Members[i].Key, Value: b.node(&n.Members[i].Node)}
		}
		return m
	case Array:
		l := &tree.List{Items: make([]tree.Node, len(n.Members))}
		for i := range n.Members {
			l.Items[i] = b.node(&n.Members[i].Node)
		}
		return l
	case Scalar:
	}
	ref := tree.NoRef
	if b.refs {
		ref = len(b.leaves)
		b.leaves = append(b.leaves, n)
	}
	return b.scalars.New(n.Value, ref)
}
