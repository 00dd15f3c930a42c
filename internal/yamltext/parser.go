package yamltext

import (
	"slices"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/yamltext/internal/char"
	"github.com/seed-1f7fdfb8/sops/internal/yamltext/internal/scalar"
	"github.com/seed-1f7fdfb8/sops/internal/yamltext/internal/scan"
	"github.com/seed-1f7fdfb8/sops/internal/yamltext/internal/tag"
)

// A parser turns tokens into nodes: the grammar of YAML 1.1 by recursive
// descent.
type parser struct {
	*scan.Scanner
	file    *File
	notes   notes
	key     ID // of the pair whose value is next
	anchors map[string]ID
	handles tag.Handles
}

func newParser(text string, v char.Survey, o Options) *parser {
	p := &parser{key: None}
	p.file = &File{Text: text, nodes: make([]Node, 0, min(2*strings.Count(text, "\n")+8, firstRoom)), props: make([]props, 1)}
	p.notes = notes{file: p.file, entry: o.Entry}
	p.Scanner = scan.New(text, v, &p.notes)
	return p
}

// doubt records a construct that other programs may read in another way.
func (p *parser) doubt(construct string) { p.notes.Doubt(construct, p.Line()) }

// stream reads all documents. Only the first one may begin without a marker.
func (p *parser) stream() {
	if t := p.Peek(); t.Turn() == scan.StreamEnd || p.Err != nil {
		return
	}
	switch p.Peek().Turn() {
	case scan.Directive, scan.DocumentStart:
	default:
		p.document(nil)
	}
	for p.Err == nil {
		for p.Peek().Turn() == scan.DocumentEnd {
			p.Next()
		}
		t := p.Peek()
		if t.Turn() == scan.StreamEnd || p.Err != nil {
			p.doubtComments()
			break
		}
		if k := t.Turn(); k != scan.Directive && k != scan.DocumentStart {
			p.Fail(int(t.Start), "\"---\" before another document")
			return
		}
		first := *t
		p.document(&first)
	}
}

// doubtComments doubts all comments of a text with what is rare.
func (p *parser) doubtComments() {
	breaks, explicit := p.Breaks()
	switch {
	case len(p.file.comments) == 0:
	case breaks&(breaks-1) != 0 || breaks > scan.Carriage:
		p.doubt("comments in a text with several kinds of line breaks")
	case explicit:
		p.doubt("comments in a text with \"?\" keys")
	}
}

// document reads one document; first is its first directive or marker.
func (p *parser) document(first *scan.Token) {
	d := Document{Root: None, Marker: -1, EndMarker: -1}
	p.handles.Begin()
	if first != nil {
		d.Start, d.Line = first.Start, first.Line
		p.prolog(&d)
	} else {
		t := p.Peek()
		d.Start, d.Line = t.Start, t.Line
	}
	if p.Err != nil {
		return
	}
	p.file.Documents = append(p.file.Documents, d)
	i := len(p.file.Documents) - 1
	p.file.giveDocument(i, Head, p.notes.documentHead)
	p.notes.documentHead = group{}
	root := p.root(first != nil)
	t := p.Peek()
	k := &p.file.Documents[i]
	k.Root, k.End = root, t.Start
	if t.Turn() == scan.DocumentEnd {
		k.EndMarker = t.Start
	}
	if t.Turn() == scan.StreamEnd {
		k.End = int32(len(p.file.Text))
	}
	if len(p.notes.heads) > 0 || !p.notes.entryOf.empty() {
		p.doubt("a comment above an empty node")
		p.notes.heads, p.notes.entryOf = p.notes.heads[:0], group{}
	}
	if !p.notes.passed.empty() && !p.notes.documentFoot.empty() {
		p.doubt("several comments below the last entry of a block")
	}
	p.file.giveDocument(i, Foot, p.notes.passed)
	p.notes.passed = group{}
	p.file.giveDocument(i, Foot, p.notes.documentFoot)
	p.notes.documentFoot = group{}
}

// prolog reads directives and the marker after them.
func (p *parser) prolog(d *Document) {
	for p.Peek().Turn() == scan.Directive {
		t := p.Peek()
		p.handles.Directive(p.file.Text[t.Start:t.End], int(t.Start))
		p.settleTags()
		p.Next()
	}
	t := p.Peek()
	if t.Turn() != scan.DocumentStart {
		p.Fail(int(t.Start), "\"---\" after the directives")
		return
	}
	d.Marker, d.markerLine = t.Start, t.Line
	p.Next()
}

// tag returns the short form of a tag.
func (p *parser) tag(t *scan.Token) string {
	short := p.handles.Resolve(p.file.Text[t.Start:t.End], int(t.Start))
	p.settleTags()
	return short
}

// settleTags takes over what was found in a tag or a directive.
func (p *parser) settleTags() {
	if f := p.handles.Fault; f != nil {
		p.Fail(f.At, f.Want)
	}
	if p.handles.Escaped {
		p.doubt("an escaped character in a tag")
		p.handles.Escaped = false
	}
}

func (p *parser) root(explicit bool) ID {
	t := p.Peek()
	switch t.Turn() {
	case scan.Directive, scan.DocumentStart, scan.DocumentEnd, scan.StreamEnd:
		if explicit {
			d := &p.file.Documents[len(p.file.Documents)-1]
			return p.empty(d.Marker+3, d.markerLine)
		}
	}
	return p.node(true, false)
}

// firstRoom is for how many nodes there is room before any is read.
const firstRoom = 8 << 10

// withRoom returns list with room for one more. It grows to what the whole text
// will need if its rest is like the part before pos: texts can be large, and their
// nodes are larger.
func withRoom[T any](list []T, pos, size int) []T {
	n := len(list)
	if n < cap(list) {
		return list
	}
	most := 4*n + 64
	if foreseen := float64(n+1) * float64(size) / float64(pos+1) * 1.05; foreseen < float64(most) {
		most = int(foreseen)
	}
	return slices.Grow(list, max(most-n, n/4+16))
}

// newNode adds a node that begins at a token.
func (p *parser) newNode(kind Kind, t *scan.Token) ID {
	id := ID(len(p.file.nodes))
	p.file.nodes = append(withRoom(p.file.nodes, p.Pos(), len(p.file.Text)), Node{
		Kind: kind, Prop: t.Start, Start: t.Start, End: t.End,
		Line: t.Line, Column: t.Column, first: int32(None), next: int32(None),
	})
	return id
}

// empty adds the null node of a place without text.
func (p *parser) empty(at, line int32) ID {
	t := scan.Token{Start: at, End: at, Line: line}
	id := p.newNode(Scalar, &t)
	p.file.nodes[id].Type = Null
	if !p.notes.property.group.empty() {
		p.doubt("a comment between properties and content")
	}
	return id
}

// A nodeStart is what may be before the content of a node.
type nodeStart struct {
	props
	any          bool
	at, end      int32
	line, column int32
	endLine      int32
}

// node reads a node. An indentless node may be a sequence whose dashes are in
// the column of the keys around.
func (p *parser) node(block, indentless bool) ID {
	t := p.Peek()
	if t.Turn() == scan.Alias {
		return p.alias(t)
	}
	var start nodeStart
	if k := t.Turn(); k == scan.Tag || k == scan.Anchor {
		start = p.properties(t)
		t = p.Peek()
	}
	p.declare(start.anchor, ID(len(p.file.nodes)))
	if start.any && !p.notes.entryOf.empty() && t.Turn() != scan.Scalar {
		p.doubt("a comment above an entry with properties")
	}
	var id ID
	switch k := t.Turn(); {
	case p.Err != nil:
		return None
	case indentless && k == scan.BlockEntry:
		id = p.blockSequence(true)
	case k == scan.Scalar:
		id = p.scalar(t, &start)
	case k == scan.FlowSequenceStart:
		id = p.flowSequence()
	case k == scan.FlowMappingStart:
		id = p.flowMapping()
	case block && k == scan.BlockSequenceStart:
		id = p.blockSequence(false)
	case block && k == scan.BlockMappingStart:
		id = p.blockMapping()
	case start.any:
		id = p.empty(start.end, start.endLine)
		p.emptyWithProperties(id, &start)
	default:
		p.Fail(int(t.Start), "a value")
		return None
	}
	if start.any && p.Err == nil {
		p.attachProperties(id, &start)
	}
	return id
}

func (p *parser) emptyWithProperties(id ID, start *nodeStart) {
	if start.tag != "" {
		p.file.nodes[id].Type = scalar.OfTag(start.tag)
	}
}

// properties reads tag and anchor, each at most once, in any order.
func (p *parser) properties(t *scan.Token) nodeStart {
	s := nodeStart{at: t.Start, line: t.Line, column: t.Column}
	tagged, anchored := false, false
	for p.Err == nil {
		switch k := t.Turn(); {
		case k == scan.Tag && !tagged:
			tagged = true
			s.tag, s.tagAt = p.tag(t), span{t.Start, t.End}
		case k == scan.Anchor && !anchored:
			anchored = true
			s.anchor, s.anchorAt = p.file.Text[t.Start+1:t.End], span{t.Start, t.End}
		default:
			return s
		}
		s.any, s.end, s.endLine = true, t.End, t.Line
		p.Next()
		t = p.Peek()
	}
	return s
}

func (p *parser) attachProperties(id ID, s *nodeStart) {
	n := &p.file.nodes[id]
	block := n.Style == Block
	n.Prop, n.Line = s.at, s.line
	if !block {
		n.Column = s.column
	}
	n.props = int32(len(p.file.props))
	p.file.props = append(p.file.props, s.props)
}

// declare makes an anchor known. It must be known inside its own node.
func (p *parser) declare(anchor string, id ID) {
	if anchor == "" {
		return
	}
	if p.anchors == nil {
		p.anchors = map[string]ID{}
	}
	p.anchors[anchor] = id
}

func (p *parser) alias(t *scan.Token) ID {
	name := p.file.Text[t.Start+1 : t.End]
	target, ok := p.anchors[name]
	if !ok {
		p.Fail(int(t.Start), "the name of an anchor that is above")
		return None
	}
	id := p.newNode(Alias, t)
	n := &p.file.nodes[id]
	n.first = int32(target)
	n.props = int32(len(p.file.props))
	p.file.props = append(p.file.props, props{anchor: name})
	p.notes.leaf(p.file, id, p.footFor(id), t)
	p.Next()
	return id
}

// footFor returns what a foot of a node belongs to: the key, if it is the value
// of a pair.
func (p *parser) footFor(id ID) ID {
	key := p.key
	if p.key = None; key != None {
		return key
	}
	return id
}

// value returns the content of a scalar.
func (p *parser) value(t *scan.Token) string {
	if t.Cooked > 0 {
		return p.Cooked[t.Cooked-1]
	}
	return p.file.Text[t.Start:t.End]
}

func (p *parser) scalar(t *scan.Token, s *nodeStart) ID {
	id := p.newNode(Scalar, t)
	n := &p.file.nodes[id]
	n.Style, n.cooked = t.Style, t.Cooked
	switch {
	case s.tag != "":
		n.Type = scalar.OfTag(s.tag)
	case t.Style == Plain:
		n.Type = scalar.OfPlain(p.value(t))
	}
	p.notes.leaf(p.file, id, p.footFor(id), t)
	p.Next()
	return id
}

// adopt adds a child to a collection.
func (p *parser) adopt(parent, last, child ID) ID {
	if child == None {
		return last
	}
	nodes := p.file.nodes
	if last == None {
		nodes[parent].first = int32(child)
	} else {
		nodes[last].next = int32(child)
	}
	nodes[parent].Len++
	return child
}
