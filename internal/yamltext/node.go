package yamltext

import (
	"errors"
	"iter"

	"github.com/seed-1f7fdfb8/sops/internal/yamltext/internal/char"
	"github.com/seed-1f7fdfb8/sops/internal/yamltext/internal/scalar"
)

// ID is the number of a node in its File. Nodes are numbered in the order in
// which they begin.
type ID int32

// None is the ID of no node.
const None ID = -1

// Kind is what a node is.
type Kind uint8

// The kinds of nodes.
const (
	Scalar Kind = iota
	Mapping
	Sequence
	Alias
)

// Style is how a node is written.
type Style = scalar.Style

// The styles of scalars and collections.
const (
	Plain        = scalar.Plain
	SingleQuoted = scalar.SingleQuoted
	DoubleQuoted = scalar.DoubleQuoted
	Literal      = scalar.Literal
	Folded       = scalar.Folded
	Block        = scalar.Block
	Flow         = scalar.Flow
)

// Type is what a scalar means: the core types of YAML 1.1, and Other for tags
// of applications.
type Type = scalar.Type

// The types of scalars.
const (
	Str       = scalar.Str
	Int       = scalar.Int
	Float     = scalar.Float
	Bool      = scalar.Bool
	Null      = scalar.Null
	Timestamp = scalar.Timestamp
	Merge     = scalar.Merge
	Binary    = scalar.Binary
	Other     = scalar.Other
)

// A Node is a node of the document. Offsets are bytes of File.Text.
//
//	key: !!binary &a |+2 # why
//	     ^Prop       ^Start
//	  body
//	      ^End
type Node struct {
	Kind  Kind
	Style Style
	// Type is that of a scalar.
	Type Type
	// Single marks a mapping that is one pair in a flow sequence, without
	// brackets.
	Single bool
	// Bare marks the null value of a key that has no colon.
	Bare bool
	// Prop is where the node begins with its properties, Start where it begins
	// without them, End where it ends: for a block collection after its last
	// node, for a flow collection after its bracket. A node without text has
	// Start == End.
	Prop, Start, End int32
	// Line counts from 1. It is the line of Prop.
	Line int32
	// Column is where Prop is in its line, in bytes from 0; for a block
	// collection it is its indentation.
	Column int32
	// Len is the number of children; a pair counts twice.
	Len int32

	first, next int32 // children; the target of an alias is first
	props       int32 // index in File.props, 0 if there are none
	cooked      int32 // 1 + index in File.cooked, 0 if the value is as written
	notes       int32 // 1 + index in File.Comments, of the last one
}

// Empty reports whether n is a scalar without text.
func (n *Node) Empty() bool { return n.Start == n.End }

// props are the properties of a node.
type props struct {
	tag      string // resolved and short, "" if there is none
	anchor   string
	tagAt    span
	anchorAt span
}

type span struct{ start, end int32 }

// Node returns a node by its number.
func (f *File) Node(id ID) *Node { return &f.nodes[id] }

// Children returns the items of a sequence, or the keys and values of a mapping
// in turn.
func (f *File) Children(id ID) iter.Seq[ID] {
	return func(yield func(ID) bool) {
		for c := f.First(id); c != None && yield(c); c = f.Next(c) {
		}
	}
}

// First returns the first child of a collection, None if there is none.
func (f *File) First(id ID) ID {
	if n := &f.nodes[id]; n.Len > 0 {
		return ID(n.first)
	}
	return None
}

// Next returns the sibling after a node, None if there is none.
func (f *File) Next(id ID) ID { return ID(f.nodes[id].next) }

// Target returns the node an alias refers to.
func (f *File) Target(id ID) ID { return ID(f.nodes[id].first) }

// Anchor returns the name of the anchor of a node, or the name in an alias.
func (f *File) Anchor(id ID) string { return f.props[f.nodes[id].props].anchor }

// AnchorSpan returns where the anchor is, with its sign.
func (f *File) AnchorSpan(id ID) (start, end int) { return f.props[f.nodes[id].props].anchorAt.ints() }

// TagSpan returns where a written tag is; start == end if there is none.
func (f *File) TagSpan(id ID) (start, end int) { return f.props[f.nodes[id].props].tagAt.ints() }

// Tagged reports whether the node has a written tag other than the lone "!".
func (f *File) Tagged(id ID) bool { return f.props[f.nodes[id].props].tag != "" }

func (s span) ints() (int, int) { return int(s.start), int(s.end) }

// Value returns the content of a scalar, without quotes, folding and escapes.
// It is a piece of File.Text where the text is the same.
func (f *File) Value(id ID) string {
	n := &f.nodes[id]
	if n.Kind != Scalar {
		return ""
	}
	if n.cooked > 0 {
		return f.cooked[n.cooked-1]
	}
	if n.Style == SingleQuoted || n.Style == DoubleQuoted {
		return f.Text[n.Start+1 : n.End-1]
	}
	return f.Text[n.Start:n.End]
}

// Tag returns the tag of a node, written or resolved, in its short form.
func (f *File) Tag(id ID) string {
	n := &f.nodes[id]
	if t := f.props[n.props].tag; t != "" {
		return t
	}
	switch n.Kind {
	case Mapping:
		return "!!map"
	case Sequence:
		return "!!seq"
	case Alias:
		return ""
	}
	return n.Type.Tag()
}

// BlockHead returns where the header of a block scalar ends (the signs, without
// a comment), and where its body starts.
func (f *File) BlockHead(id ID) (head, body int) {
	n := &f.nodes[id]
	at := int(n.Start) + 1
	for at < len(f.Text) && (f.Text[at] == '+' || f.Text[at] == '-' || char.IsDigit(f.Text[at])) {
		at++
	}
	body = char.LineEnd(f.Text, at)
	return at, min(body+char.BreakLen(f.Text, body), len(f.Text))
}

// Len returns the number of nodes.
func (f *File) Len() int { return len(f.nodes) }

// A Value is what a scalar means.
type Value = scalar.Value

// ErrTag is the error of Resolve for content that does not fit the written tag.
var ErrTag = errors.New("the content does not fit the tag")

// Resolve returns what a scalar means. Its written tag decides, if it has one of
// a core type.
func (f *File) Resolve(id ID) (Value, error) {
	n := &f.nodes[id]
	s := f.Value(id)
	if !f.Tagged(id) {
		v, _ := scalar.As(n.Type, s)
		return v, nil
	}
	v, ok := scalar.As(n.Type, s)
	if !ok {
		return Value{}, ErrTag
	}
	return v, nil
}
