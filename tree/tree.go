// Package tree is what a file holds, whatever its syntax.
//
// A file is a list of documents; a document is a Map. Maps keep the order of
// their items, duplicates included, and comments are items among the others:
//
//	# about a                Map{Items: {
//	a: 1                       {Value: &Comment{Text: " about a"}},
//	l: [x, true]               {Key: "a", Value: &Scalar{Value: IntValue(1)}},
//	                           {Key: "l", Value: &List{Items: {x, true}}}}}
//
// This is the tree as the wire format sees it: aliases are expanded into
// copies, tags are gone, the path of a leaf is the map keys above it.
package tree

import "strings"

// A Node is a *Map, *List, *Scalar or *Comment.
type Node interface{ node() }

// A Map is an ordered list of key-value pairs and comments.
type Map struct{ Items []Item }

// An Item is a pair, or a comment if Value is a *Comment (Key is then "").
type Item struct {
	Key   string
	Value Node
}

// A List is an ordered list of values and comments.
type List struct{ Items []Node }

// NoRef is the Ref of a leaf that is in no document.
const NoRef = -1

// A Scalar is a value or null.
type Scalar struct {
	Value Value
	Ref   int // place in the document it was read from (see package doc)
	// Spelling is how a number was typed that is to be set, "" if that does not
	// matter: 1e3 and 1.50 are kept so.
	Spelling string
}

// A Comment is the text after one comment sign, leading blanks included.
type Comment struct {
	Text   string
	Inline bool // is after a value on the same line
	Ref    int
}

func (*Map) node()     {}
func (*List) node()    {}
func (*Scalar) node()  {}
func (*Comment) node() {}

// NewScalar returns v as a leaf that is in no document yet.
func NewScalar(v Value) *Scalar { return &Scalar{Value: v, Ref: NoRef} }

// Text returns s as a string leaf that is in no document yet.
func Text(s string) *Scalar { return NewScalar(StringValue(s)) }

// Scalars makes the scalars of one document, many at a time. The zero value is
// ready.
type Scalars struct{ block []Scalar }

// New returns a scalar of its own.
func (s *Scalars) New(v Value, ref int) *Scalar {
	if n := cap(s.block); len(s.block) == n {
		s.block = make([]Scalar, 0, min(max(8, 2*n), 512))
	}
	s.block = append(s.block, Scalar{Value: v, Ref: ref})
	return &s.block[len(s.block)-1]
}

// Comments makes comments in blocks.
type Comments struct{ block []Comment }

// New returns a comment of its own.
func (c *Comments) New(n Comment) *Comment {
	if n := cap(c.block); len(c.block) == n {
		c.block = make([]Comment, 0, min(max(8, 2*n), 512))
	}
	c.block = append(c.block, n)
	return &c.block[len(c.block)-1]
}

// Get returns the value of the first pair with the given key.
func (m *Map) Get(key string) (Node, bool) {
	for _, it := range m.Items {
		if it.Key == key && !IsComment(it.Value) {
			return it.Value, true
		}
	}
	return nil, false
}

// Put sets the value of the first pair with the given key, or appends a pair.
func (m *Map) Put(key string, n Node) {
	for i, it := range m.Items {
		if it.Key == key && !IsComment(it.Value) {
			m.Items[i].Value = n
			return
		}
	}
	m.Items = append(m.Items, Item{Key: key, Value: n})
}

// IsComment reports whether n is a comment.
func IsComment(n Node) bool {
	_, ok := n.(*Comment)
	return ok
}

// Each calls f for n and for all that is below it, in order.
func Each(n Node, f func(Node)) {
	f(n)
	switch n := n.(type) {
	case *Map:
		for _, it := range n.Items {
			Each(it.Value, f)
		}
	case *List:
		for _, it := range n.Items {
			Each(it, f)
		}
	}
}

// A Path is the map keys from the document down to a leaf. Positions in lists
// do not count. The path of a comment is that of its container.
type Path []string

// AAD returns the additional authenticated data of a leaf at p: every key
// followed by a colon; a lone colon for the root.
func (p Path) AAD() string {
	if len(p) == 0 {
		return ":"
	}
	return strings.Join(p, ":") + ":"
}

// String returns p as people write it: ["a"]["b"].
func (p Path) String() string {
	var b strings.Builder
	for _, k := range p {
		b.WriteString(Step{Key: k, IsKey: true}.String())
	}
	return b.String()
}
