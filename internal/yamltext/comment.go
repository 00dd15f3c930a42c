package yamltext

import "iter"

// A Comment is a comment. It belongs to a node, or to a document.
type Comment struct {
	Start, End int32 // from its sign to the end of its line
	Line       int32
	// Node is what it belongs to, None for a document or if Place is Apart.
	Node     ID
	Document int32
	Place    Place

	column int32
	next   int32 // as Node.notes
}

// Place is where a comment is beside what it belongs to.
type Place uint8

// The places of comments.
const (
	Head   Place = iota // above it
	Inline              // on its line
	Foot                // below it
	Apart               // belongs to nothing
)

// Comments returns the comments of a node at a place, in the order of the text, as
// indexes of All.
func (f *File) Comments(id ID, at Place) iter.Seq[int] {
	return f.chain(f.nodes[id].notes, at)
}

// Commented reports whether a node has comments at all.
func (f *File) Commented(id ID) bool { return f.nodes[id].notes > 0 }

// DocumentComments returns the comments that belong to the document as a whole:
// Head, Foot or Apart.
func (f *File) DocumentComments(i int, at Place) iter.Seq[int] {
	return f.chain(f.Documents[i].notes, at)
}

func (f *File) chain(first int32, at Place) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := first; i > 0; i = f.comments[i-1].next {
			if f.comments[i-1].Place == at && !yield(int(i-1)) {
				return
			}
		}
	}
}

// All returns all comments in the order of the text.
func (f *File) All() []Comment { return f.comments }

// A group is a run of comments that belong together.
type group struct {
	from, to int // of File.comments
	blank    bool
	// ends says that a blank line comes after it, or the end of the text.
	ends bool
}

func (g group) empty() bool { return g.from == g.to }

// notes decides what comments belong to. The gap between two tokens is looked at
// once the second one is known: what is to come may be a foot of what is before
// the gap, or of a block collection that ends in it, or a head of what is after
// it. Nodes are made later than tokens, so a decision waits for its node.
type notes struct {
	entry bool
	from  int // first comment of the gap
	// gapFrom is the same after the gap has been looked at.
	gapFrom int

	before   tokenKind // the token before prev
	prev     tokenKind // before the gap
	number   int32     // of that token
	prevLine int32     // on which it ends
	quoted   bool      // that it is a quoted scalar
	// blankTail says that it is a block scalar with blank lines at its end.
	blankTail bool

	pieces   []group // of the gap, reused
	groups   []group // feet of block collections that end, by token.foot
	heads    []head  // for nodes that begin at or after a token
	entryOf  group   // for the entry of a sequence whose dash has been passed
	passed   group   // a foot on its way from the end of an entry
	property head    // after properties: for the node there

	documentHead group // for the next document
	documentFoot group // for the current one

	late  []request
	bound binding
}

// A head is a group that is above the node at a token.
type head struct {
	number int32
	group  group
}

// A request is a decision whose node does not exist yet.
type request struct {
	number int32
	at     Place
	group  group
}

// A binding is the last token that has a node, and that node; feet go to the key
// of a pair.
type binding struct {
	number   int32
	id, foot ID
}

// comment reads a comment.
func (s *scanner) comment() {
	end := s.lineEnd(s.pos)
	s.file.comments = append(withRoom(s.file.comments, s.pos, len(s.text)), Comment{
		Start: int32(s.pos), End: int32(end), Line: s.line, Node: None, Place: Apart,
		Document: int32(max(len(s.file.Documents)-1, 0)), column: s.column(),
	})
	s.pos = end
}

// leave begins a gap; the scanner is after a token.
func (n *notes) leave(s *scanner) {
	n.from = len(s.file.comments)
	n.prevLine, n.blankTail = s.line, false
	if s.lastLine > 0 {
		n.blankTail = s.line > s.lastLine+1
		n.prevLine, s.lastLine = s.lastLine, 0
	}
}

// arrive decides on the comments of a gap. The ends of block collections in it
// are in the queue; the next token is at the position of the scanner.
func (n *notes) arrive(s *scanner, ends []token) {
	g := group{from: n.from, to: len(s.file.comments)}
	if g.empty() {
		return
	}
	n.from, n.gapFrom = g.to, n.from
	k := gap{
		scanner: s, notes: n, ends: ends, inner: s.indent, eof: s.pos >= len(s.text),
		nextLine: s.line, column: s.column(),
	}
	k.marker = !k.eof && s.flow == 0 && s.pos == s.lineStart && (s.text[s.pos] == '%' || anyMarker(s.text, s.pos))
	k.foresee()
	switch {
	case s.flow > 0:
		k.flow(g)
	case n.prev == noToken, n.prev == documentEnd:
		k.start(g)
	default:
		k.block(g)
	}
}

// request gives a group to the node of a token.
func (n *notes) request(f *File, number int32, at Place, g group) {
	if g.empty() {
		return
	}
	if number == n.bound.number {
		n.give(f, n.bound, at, g)
		return
	}
	n.late = append(n.late, request{number, at, g})
}

// passing is the place of a foot of what a node is the value of: for an entry of
// a sequence, that is what comes after it.
const passing Place = Apart + 1

func (n *notes) give(f *File, b binding, at Place, g group) {
	id := b.id
	switch {
	case at == Foot:
		id = b.foot
	case at == passing && b.id == b.foot:
		n.passed = g
		return
	case at == passing:
		id, at = b.foot, Foot
	}
	f.give(id, at, g)
}

// give adds comments to a node.
func (f *File) give(id ID, at Place, g group) {
	if g.empty() {
		return
	}
	if n := &f.nodes[id]; n.Kind == Scalar && n.Empty() {
		f.Doubts = append(f.Doubts, Doubt{"a comment beside an empty node", int(f.comments[g.from].Line)})
	}
	if at == Foot {
		for range f.Comments(id, Foot) {
			f.Doubts = append(f.Doubts, Doubt{"several comments below the last entry of a block", int(f.comments[g.from].Line)})
			break
		}
	}
	f.link(&f.nodes[id].notes, id, at, g)
}

func (f *File) link(at *int32, id ID, place Place, g group) {
	for *at > 0 {
		at = &f.comments[*at-1].next
	}
	for i := g.from; i < g.to; i++ {
		c := &f.comments[i]
		if c.Place != Apart {
			continue // what was passed on spans some that are not
		}
		c.Node, c.Place = id, place
		*at = int32(i + 1)
		at = &c.next
	}
}

// giveDocument adds comments to a document.
func (f *File) giveDocument(i int, at Place, g group) {
	if g.empty() || i < 0 || i >= len(f.Documents) {
		return
	}
	for k := g.from; k < g.to; k++ {
		f.comments[k].Document = int32(i)
	}
	f.link(&f.Documents[i].notes, None, at, g)
}

// bind says that a token has a node.
func (n *notes) bind(f *File, number int32, id, foot ID) {
	n.bound = binding{number, id, foot}
	for len(n.late) > 0 && n.late[0].number <= number {
		if r := n.late[0]; r.number == number {
			n.give(f, n.bound, r.at, r.group)
		}
		n.late = n.late[1:]
	}
}

// leaf gets each scalar and alias.
func (n *notes) leaf(f *File, id, foot ID, t *token) {
	n.take(f, id, t.number)
	f.give(foot, Foot, n.passed)
	n.passed = group{}
	n.bind(f, t.number, id, foot)
}

// take gives a node that begins at a token the comments above it.
func (n *notes) take(f *File, id ID, number int32) {
	n.takeEntry(f, id)
	k := 0
	for k < len(n.heads) && n.heads[k].number <= number {
		f.give(id, Head, n.heads[k].group)
		k++
	}
	if k > 0 {
		n.heads = n.heads[:copy(n.heads, n.heads[k:])]
	}
	if n.property.number <= number {
		f.give(id, Inline, n.property.group)
		n.property = head{}
	}
}

func (n *notes) takeEntry(f *File, id ID) {
	f.give(id, Head, n.entryOf)
	n.entryOf = group{}
}

// dash gets the dash of an entry: comments above it belong to the entry.
func (n *notes) dash(t *token) {
	for len(n.heads) > 0 && n.heads[0].number <= t.number {
		h := n.heads[0].group
		switch {
		case n.entryOf.empty():
			n.entryOf = h
		case n.entryOf.to == h.from:
			n.entryOf.to = h.to
		default:
			return // a comment that belongs to a property is between them
		}
		n.heads = n.heads[:copy(n.heads, n.heads[1:])]
	}
}

// emptyEntry gets an entry without text: comments above it belong to what
// comes after it.
func (n *notes) emptyEntry(p *parser) {
	if n.entryOf.empty() {
		return
	}
	p.doubt("a comment above an empty entry")
	n.heads = append(n.heads, head{0, n.entryOf})
	n.entryOf = group{}
}

// closed gives a block collection the foot that was found at its end. That of an
// entry of a sequence is passed on: to the sequence if it ends here as well,
// else to what comes next.
func (n *notes) closed(f *File, t *token, id, foot ID) {
	g := n.passed
	n.passed = group{}
	if t.foot > 0 {
		own := n.groups[t.foot-1]
		if g.empty() {
			g.from = own.from
		}
		g.to = own.to // what is between them belongs to neither
	}
	if id == foot {
		n.passed = g
		return
	}
	f.give(foot, Foot, g)
}

// CommentText returns the i-th comment with its sign.
func (f *File) CommentText(i int) string { return f.Text[f.comments[i].Start:f.comments[i].End] }

// A Note says what a comment belongs to.
type Note struct {
	Comment  int // index in All
	Node     ID  // None for the document
	Document int
	Place    Place
}

// Annotate makes comments belong to what notes say, in their order, and all
// others to nothing: for who asked another parser.
func (f *File) Annotate(notes []Note) {
	for i := range f.nodes {
		f.nodes[i].notes = 0
	}
	for i := range f.Documents {
		f.Documents[i].notes = 0
	}
	for i := range f.comments {
		c := &f.comments[i]
		c.Node, c.Place, c.next = None, Apart, 0
	}
	for _, n := range notes {
		g := group{from: n.Comment, to: n.Comment + 1}
		if n.Node == None {
			f.giveDocument(n.Document, n.Place, g)
		} else {
			f.link(&f.nodes[n.Node].notes, n.Node, n.Place, g)
		}
	}
}
