package yaml

import (
	"errors"
	"strings"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/internal/yamltext"
	"github.com/seed-1f7fdfb8/sops/tree"
)

type style uint8

const (
	plain style = iota
	single
	double
	literal
	folded
)

// A place is where a scalar is in the text. Properties (tag and anchor) come
// before it; a block scalar is a header line and a body:
//
//	key: !!binary &a |+2 # why
//	     ^prop       ^start
//	                 ^  ^head
//	  body
type place struct {
	start, end int // the scalar, without properties
	prop       int // its first property, or start
	tag        int // the start of a tag of a core type, -1 if there is none
	head, body int // block scalars: end of the header's signs, start of the body
	style      style
	flow       bool // inside a flow collection
	list       bool // the enclosing block collection is a list
	column     int  // its column, from 0; -1 if there is none
	line       int
}

func (p *place) block() bool { return p.style == literal || p.style == folded }

// errPlace says that a value has no text that could be replaced.
var errPlace = errors.New("the place of a value in the text cannot be found")

// styles are those of scalars.
var styles = [...]style{
	yamltext.Plain: plain, yamltext.SingleQuoted: single, yamltext.DoubleQuoted: double,
	yamltext.Literal: literal, yamltext.Folded: folded,
}

// placeOfScalar returns the place of a scalar.
func placeOfScalar(f *yamltext.File, id yamltext.ID, at ctx) place {
	n := f.Node(id)
	p := place{
		start: int(n.Start), end: int(n.End), prop: int(n.Prop), tag: -1, style: styles[n.Style],
		flow: at.flow, list: at.list, column: at.column, line: int(n.Line),
	}
	if n.Prop < n.Start && f.Tagged(id) && isResolved(n.Type) {
		from, _ := f.TagSpan(id)
		// With an anchor between tag and scalar, the tag cannot go alone.
		if anchor, end := f.AnchorSpan(id); end == 0 || anchor < from {
			p.tag = from
		}
	}
	if p.block() {
		p.head, p.body = f.BlockHead(id)
		p.body = min(p.body, p.end)
	}
	return p
}

// isResolved reports whether a written tag of this type is one that SOPS
// would apply to a token too, and fail.
func isResolved(t yamltext.Type) bool {
	switch t {
	case yamltext.Int, yamltext.Float, yamltext.Bool, yamltext.Null, yamltext.Timestamp, yamltext.Binary:
		return true
	}
	return false
}

// placeOfComment returns the place of the text of a comment.
func placeOfComment(c *yamltext.Comment) place {
	start := int(c.Start) + 1
	return place{start: start, prop: start, end: int(c.End), line: int(c.Line)}
}

// valueOf returns the value of a scalar as the wire format has it: core tags
// decide, other tags are dropped.
func valueOf(f *yamltext.File, id yamltext.ID) (tree.Value, error) {
	if f.Node(id).Type == yamltext.Str {
		return tree.StringValue(f.Value(id)), nil
	}
	v, err := f.Resolve(id)
	switch {
	case err != nil:
		return tree.Value{}, problemAt(f, id, "the value does not fit its tag")
	case v.Uint != 0:
		e := problemAt(f, id, "the integer is larger than 9223372036854775807, which encrypted files cannot hold")
		e.Content, e.Hint = true, "quote the number to make it a string"
		return tree.Value{}, e
	}
	switch v.Type {
	case yamltext.Int:
		return tree.IntValue(v.Int), nil
	case yamltext.Float:
		return tree.FloatValue(v.Float), nil
	case yamltext.Bool:
		return tree.BoolValue(v.Bool), nil
	case yamltext.Null:
		return tree.Value{}, nil
	case yamltext.Timestamp:
		return tree.TimeValue(v.Time), nil
	}
	return tree.StringValue(v.Text), nil
}

func problemAt(f *yamltext.File, id yamltext.ID, msg string) *format.Error {
	line, column := f.Position(int(f.Node(id).Prop))
	return &format.Error{Line: line, Column: column, Msg: msg}
}

// contentDepth returns the indentation of a block scalar's content, -1 if it
// has only blank lines.
func contentDepth(body []byte, value string) int {
	inner := -1
	for line := range strings.Lines(value) {
		if t := strings.TrimLeft(line, " "); t != "" && t != "\n" {
			inner = len(line) - len(t)
			break
		}
	}
	if inner < 0 {
		return -1
	}
	for at := 0; at < len(body); at = afterBreak(body, at) {
		end := lineEnd(body, at)
		spaces := at
		for spaces < end && body[spaces] == ' ' {
			spaces++
		}
		if spaces < end {
			return spaces - at - inner
		}
	}
	return -1
}
