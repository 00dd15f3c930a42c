package yaml

import (
	"github.com/seed-1f7fdfb8/sops/internal/yamltext"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// A scan is what one pass over a text finds. It is what is passed between reading
// and writing: whatever reads a text fills in a scan, and all that changes text
// works from it.
type scan struct {
	file   *yamltext.File
	trees  []*tree.Map
	leaves []leafNode
	sites  []site
	keys   []keyAlias
	parts  []part
	tags   []tagged
	// brackets are those of flow collections, ordered by the opening one.
	brackets []span
	meta     tree.Node
	// reserved is the line of the first entry named like the metadata.
	reserved int
}

// A leafNode is a scalar or a comment of the wire tree, as a scan keeps it: there
// are many, so what follows from the nodes of the text is not kept.
type leafNode struct {
	in     tree.Node // the *tree.Scalar or *tree.Comment
	at     int32     // its node or comment in the text, -1 if it has none
	origin int32
	via    int32
	column int32 // this and the next two as in ctx
	flow   bool
	list   bool
}

// A leaf is a leafNode with its place and its value.
type leaf struct {
	place
	comment bool
	origin  int // the leaf of which this is a copy, or its own number
	via     int // 1 + the site through which it is reached, 0 if it is reached directly
	value   tree.Value
}

// leafAt returns a leaf by its number.
func (s *scan) leafAt(ref int) leaf {
	n := &s.leaves[ref]
	l := leaf{origin: int(n.origin), via: int(n.via)}
	switch in := n.in.(type) {
	case *tree.Comment:
		l.comment, l.value = true, tree.StringValue(in.Text)
		if n.at >= 0 {
			l.place = placeOfComment(&s.file.All()[n.at])
		}
	case *tree.Scalar:
		l.value = in.Value
		if n.at >= 0 {
			l.place = placeOfScalar(s.file, yamltext.ID(n.at), ctx{n.flow, n.list, int(n.column)})
		}
	}
	if l.via > 0 {
		l.line = s.sites[l.via-1].line
	}
	return l
}

// A site is an alias of a value.
type site struct {
	start, end int
	line       int
	column     int       // of the enclosing block collection
	value      tree.Node // the copy in the wire tree
	uses       []int     // the sites inside of what it refers to
}

// A tagged collection is one with a tag in the text.
type tagged struct {
	span
	last int // where its last scalar or key ends
	list bool
}

// A keyAlias is an alias of a key.
type keyAlias struct{ origin, line int }

// A part is one document of the file.
type part struct {
	end    int // where the metadata goes: after its last line
	column int // of the keys of the root, from 0
	flow   bool
	open   int  // flow roots: the opening bracket
	last   int  // flow roots: end of the last value, or after the bracket
	comma  bool // flow roots: a comma is before the bracket
	pairs  int  // without the metadata
	null   bool // the root is a word for null
	meta   metaSpan
}

// metaSpan is where metadata is in a part.
type metaSpan struct {
	found      bool
	start, end int // from the key to the end of the value
	column     int // of the key
	indent     int // of the entries, 0 if unknown
	flow       bool
}

// metaKey is the reserved name.
const metaKey = "sops"

const (
	maxDepth  = 10_000 // as the library
	maxCopies = 200_000
)

// A span is a range of bytes.
type span struct{ start, end int }

// ctx is where a node is.
type ctx struct {
	flow   bool
	list   bool
	column int // of the block collection around, -1 if there is none
}
