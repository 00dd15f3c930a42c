package unresolved

import (
	"errors"

	"github.com/seed-1f7fdfb8/sops/tree"
)

// A node is a tree.Node in JSON: exactly one field is set, or none for null.
type node struct {
	Map    []item  `json:"m,omitzero"`
	List   []*node `json:"l,omitzero"`
	Type   string  `json:"t,omitempty"` // of a scalar, "null" for null, "comment" for a comment
	Inline bool    `json:"i,omitempty"`
	Bytes  []byte  `json:"s,omitempty"` // its text, which need not be UTF-8
}

type item struct {
	Key   string `json:"k"`
	Value *node  `json:"v"`
}

const (
	typeNull    = "null"
	typeComment = "comment"
)

func encode(n tree.Node) *node {
	switch n := n.(type) {
	case *tree.Map:
		out := &node{Map: []item{}}
		for _, it := range n.Items {
			out.Map = append(out.Map, item{it.Key, encode(it.Value)})
		}
		return out
	case *tree.List:
		out := &node{List: []*node{}}
		for _, e := range n.Items {
			out.List = append(out.List, encode(e))
		}
		return out
	case *tree.Comment:
		return &node{Type: typeComment, Inline: n.Inline, Bytes: []byte(n.Text)}
	case *tree.Scalar:
		if n.Value.Kind() == tree.Null {
			return &node{Type: typeNull}
		}
		return &node{Type: n.Value.Type(), Bytes: []byte(n.Value.Canonical())}
	}
	return nil
}

func (n *node) decode() (tree.Node, error) {
	switch {
	case n == nil:
		return nil, nil
	case n.Map != nil:
		m := &tree.Map{}
		for _, it := range n.Map {
			v, err := it.Value.decode()
			if err != nil {
				return nil, err
			}
			if v == nil {
				return nil, errors.New("a pair without a value")
			}
			m.Items = append(m.Items, tree.Item{Key: it.Key, Value: v})
		}
		return m, nil
	case n.List != nil:
		l := &tree.List{}
		for _, e := range n.List {
			v, err := e.decode()
			if err != nil {
				return nil, err
			}
			if v == nil {
				return nil, errors.New("an empty element")
			}
			l.Items = append(l.Items, v)
		}
		return l, nil
	case n.Type == typeComment:
		return &tree.Comment{Text: string(n.Bytes), Inline: n.Inline, Ref: tree.NoRef}, nil
	case n.Type == typeNull:
		return tree.NewScalar(tree.Value{}), nil
	}
	v, err := tree.Decode(n.Type, string(n.Bytes))
	if err != nil {
		return nil, err
	}
	return tree.NewScalar(v), nil
}
