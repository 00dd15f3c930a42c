package yamltext

import (
	"slices"
	"strconv"
	"strings"
)

// A parser turns tokens into nodes: the grammar of YAML 1.1 by recursive
// descent.
type parser struct {
	scanner
	key     ID // of the pair whose value is next
	anchors map[string]ID
	// Tag handles of the document, and which of them it declares.
	handles   map[string]string
	declared  map[string]bool
	versioned bool
}

// maxDepth is how deep block collections may be nested, and flow collections in
// the innermost one.
const maxDepth = 10_000

const tooDeep = "collections nested less than 10,000 deep"

func newParser(text string, v survey, o Options) *parser {
	p := &parser{}
	p.text, p.survey = text, v
	p.line = 1
	p.indent = -1
	p.key = None
	p.allowed = true
	p.keys = make([]keyPlace, 1, 8)
	p.file = &File{Text: text, nodes: make([]Node, 0, min(2*strings.Count(text, "\n")+8, firstRoom)), props: make([]props, 1)}
	p.notes.entry = o.Entry
	if hasMark(text) {
		p.pos = len(byteOrderMark)
		p.lineStart = p.pos
	}
	if hasMark(text[p.pos:]) {
		p.doubt("several byte order marks")
		p.fail(p.pos, "one byte order mark")
	}
	return p
}

func hasMark(text string) bool {
	return len(text) >= 3 && text[:3] == byteOrderMark
}

func itoa(n int) string { return strconv.Itoa(n) }

// doubt records a construct that other programs may read in another way.
func (s *scanner) doubt(construct string) {
	s.file.Doubts = append(s.file.Doubts, Doubt{construct, int(s.line)})
}

// stream reads all documents. Only the first one may begin without a marker.
func (p *parser) stream() {
	if t := p.peek(); t.turn() == streamEnd || p.err != nil {
		return
	}
	switch p.peek().turn() {
	case directiveToken, documentStart:
	default:
		p.document(nil)
	}
	for p.err == nil {
		for p.peek().turn() == documentEnd {
			p.next()
		}
		t := p.peek()
		if t.turn() == streamEnd || p.err != nil {
			p.doubtComments()
			break
		}
		if k := t.turn(); k != directiveToken && k != documentStart {
			p.fail(int(t.start), "\"---\" before another document")
			return
		}
		first := *t
		p.document(&first)
	}
}

// doubtComments doubts all comments of a text with what is rare.
func (p *parser) doubtComments() {
	switch {
	case len(p.file.comments) == 0:
	case p.breaks != lineFeed && p.breaks != carriage && p.breaks != 0:
		p.doubt("comments in a text with several kinds of line breaks")
	case p.explicit:
		p.doubt("comments in a text with \"?\" keys")
	}
}

// document reads one document; first is its first directive or marker.
func (p *parser) document(first *token) {
	d := Document{Root: None, Marker: -1, EndMarker: -1}
	p.handles = map[string]string{"!": "!", "!!": corePrefix}
	p.declared = nil
	p.versioned = false
	if first != nil {
		d.Start, d.Line = first.start, first.line
		p.prolog(&d)
	} else {
		t := p.peek()
		d.Start, d.Line = t.start, t.line
	}
	if p.err != nil {
		return
	}
	p.file.Documents = append(p.file.Documents, d)
	i := len(p.file.Documents) - 1
	p.file.giveDocument(i, Head, p.notes.documentHead)
	p.notes.documentHead = group{}
	root := p.root(first != nil)
	t := p.peek()
	k := &p.file.Documents[i]
	k.Root, k.End = root, t.start
	if t.turn() == documentEnd {
		k.EndMarker = t.start
	}
	if t.turn() == streamEnd {
		k.End = int32(len(p.text))
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
	for p.peek().turn() == directiveToken {
		if p.declared == nil {
			p.declared = map[string]bool{}
		}
		p.directive(p.peek())
		p.next()
	}
	t := p.peek()
	if t.turn() != documentStart {
		p.fail(int(t.start), "\"---\" after the directives")
		return
	}
	d.Marker, d.markerLine = t.start, t.line
	p.next()
}

func (p *parser) root(explicit bool) ID {
	t := p.peek()
	switch t.turn() {
	case directiveToken, documentStart, documentEnd, streamEnd:
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
func (p *parser) newNode(kind Kind, t *token) ID {
	id := ID(len(p.file.nodes))
	p.file.nodes = append(withRoom(p.file.nodes, p.pos, len(p.text)), Node{
		Kind: kind, Prop: t.start, Start: t.start, End: t.end,
		Line: t.line, Column: t.column, first: int32(None), next: int32(None),
	})
	return id
}

// empty adds the null node of a place without text.
func (p *parser) empty(at, line int32) ID {
	t := token{start: at, end: at, line: line}
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
	t := p.peek()
	if t.turn() == aliasToken {
		return p.alias(t)
	}
	var start nodeStart
	if k := t.turn(); k == tagToken || k == anchorToken {
		start = p.properties(t)
		t = p.peek()
	}
	p.declare(start.anchor, ID(len(p.file.nodes)))
	if start.any && !p.notes.entryOf.empty() && t.turn() != scalarToken {
		p.doubt("a comment above an entry with properties")
	}
	var id ID
	switch k := t.turn(); {
	case p.err != nil:
		return None
	case indentless && k == blockEntry:
		id = p.blockSequence(true)
	case k == scalarToken:
		id = p.scalar(t, &start)
	case k == flowSequenceStart:
		id = p.flowSequence()
	case k == flowMappingStart:
		id = p.flowMapping()
	case block && k == blockSequenceStart:
		id = p.blockSequence(false)
	case block && k == blockMappingStart:
		id = p.blockMapping()
	case start.any:
		id = p.empty(start.end, start.endLine)
		p.emptyWithProperties(id, &start)
	default:
		p.fail(int(t.start), "a value")
		return None
	}
	if start.any && p.err == nil {
		p.attachProperties(id, &start)
	}
	return id
}

func (p *parser) emptyWithProperties(id ID, start *nodeStart) {
	if start.tag != "" {
		p.file.nodes[id].Type = typeOfTag(start.tag)
	}
}

// properties reads tag and anchor, each at most once, in any order.
func (p *parser) properties(t *token) nodeStart {
	s := nodeStart{at: t.start, line: t.line, column: t.column}
	tagged, anchored := false, false
	for p.err == nil {
		switch k := t.turn(); {
		case k == tagToken && !tagged:
			tagged = true
			s.tag, s.tagAt = p.tag(t), span{t.start, t.end}
		case k == anchorToken && !anchored:
			anchored = true
			s.anchor, s.anchorAt = p.text[t.start+1:t.end], span{t.start, t.end}
		default:
			return s
		}
		s.any, s.end, s.endLine = true, t.end, t.line
		p.next()
		t = p.peek()
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

func (p *parser) alias(t *token) ID {
	name := p.text[t.start+1 : t.end]
	target, ok := p.anchors[name]
	if !ok {
		p.fail(int(t.start), "the name of an anchor that is above")
		return None
	}
	id := p.newNode(Alias, t)
	n := &p.file.nodes[id]
	n.first = int32(target)
	n.props = int32(len(p.file.props))
	p.file.props = append(p.file.props, props{anchor: name})
	p.notes.leaf(p.file, id, p.footFor(id), t)
	p.next()
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

func (p *parser) scalar(t *token, s *nodeStart) ID {
	id := p.newNode(Scalar, t)
	n := &p.file.nodes[id]
	n.Style, n.cooked = t.style, t.cooked
	switch {
	case s.tag != "":
		n.Type = typeOfTag(s.tag)
	case t.style == Plain:
		n.Type = plainType(p.file.Value(id))
	}
	p.notes.leaf(p.file, id, p.footFor(id), t)
	p.next()
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
