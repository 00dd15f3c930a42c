package yamltext

import "slices"

// A gap is what is between two tokens, with comments in it.
type gap struct {
	*scanner
	notes  *notes
	ends   []token // block collections that end in it, the deepest first
	inner  int32   // the indentation after those
	eof    bool
	marker bool // a marker or a directive comes after it
	// virtual says that an entry of the root mapping will come after it, on the
	// line next and in that column.
	virtual  bool
	nextLine int32
	column   int32
}

// foresee makes the entry that will be added to the document the end of the gap.
func (k *gap) foresee() {
	if !k.notes.entry || !k.eof && !k.marker || k.notes.prev == noToken || k.notes.prev == documentEnd {
		return
	}
	switch root := len(k.ends) - 1; {
	case k.notes.prev == documentStart:
		k.column = 0
	case root >= 0 && k.rootFlag == startsMapping:
		k.column = k.ends[root].column
		k.ends = k.ends[:root]
		k.inner = k.column
	default:
		return
	}
	if k.eof && k.pos != k.lineStart {
		k.nextLine++
	}
	k.virtual, k.eof, k.marker = true, false, false
}

// inline takes the comment on the line of the token before.
func (k *gap) inline(g *group) group {
	first := *g
	if k.file.comments[g.from].Line != k.notes.prevLine {
		return group{}
	}
	g.from++
	first.to = g.from
	return first
}

// split cuts comments at blank lines, and where one is in the column of an outer
// block collection.
func (k *gap) split(g group) []group {
	var out []group
	line, column := k.notes.prevLine, int32(-1)
	cs := k.file.comments
	for i := g.from; i < g.to; i++ {
		c := &cs[i]
		blank := c.Line > line+1
		if blank && len(out) > 0 {
			out[len(out)-1].ends = true
		}
		if i == g.from || blank || c.column != column && k.isOuter(c.column) {
			out = append(out, group{from: i, to: i, blank: blank})
		}
		out[len(out)-1].to = i + 1
		line, column = c.Line, c.column
	}
	out[len(out)-1].ends = k.eof || k.nextLine > line+1
	return out
}

// depthBefore returns the indentation before the gap.
func (k *gap) depthBefore() int32 {
	if len(k.ends) > 0 {
		return k.ends[0].column
	}
	return k.inner
}

// isOuter reports whether a column is that of a block collection around the
// innermost one before the gap.
func (k *gap) isOuter(column int32) bool {
	if column >= k.depthBefore() {
		return false
	}
	if column <= k.inner {
		return column == k.inner || slices.Contains(k.indents, column)
	}
	return slices.ContainsFunc(k.ends, func(t token) bool { return t.column == column })
}

// start decides on comments before the first token of a document.
func (k *gap) start(g group) {
	if k.notes.prev == documentEnd && (k.eof || k.file.comments[g.from].Line > k.notes.prevLine+1 || k.file.comments[g.from].Line == k.notes.prevLine) {
		k.doubt("a comment after \"...\"")
	}
	groups := k.split(g)
	last := len(groups) - 1
	d := len(k.file.Documents)
	if k.notes.prev == documentEnd {
		d--
	}
	switch {
	case k.notes.prev == noToken && k.marker:
		k.headOfNext(g)
		return
	case groups[last].ends:
		last++
	}
	if last > 0 {
		above := group{from: g.from, to: groups[last-1].to}
		if k.notes.prev == documentEnd {
			k.file.giveDocument(d, Foot, above)
		} else {
			k.notes.documentHead = above
		}
	}
	if last < len(groups) {
		k.headOfNext(group{from: groups[last].from, to: g.to})
	}
}

// headOfNext gives comments to what begins after the gap.
func (k *gap) headOfNext(g group) {
	if g.empty() {
		return
	}
	if (k.eof || k.marker) && k.notes.prev == documentStart {
		k.doubt("a comment in a document without content")
	}
	if k.virtual || k.eof || k.marker && k.notes.prev != noToken && k.notes.prev != documentEnd {
		k.notes.documentFoot = group{from: g.from, to: g.to}
		return
	}
	n := k.notes
	if !n.head.empty() {
		if n.prev == documentStart && k.apart(g) {
			k.doubt("comments on both sides of \"---\"")
		}
		if n.head.to == g.from {
			n.head.to = g.to
			return
		}
		k.doubt("comments above a node in several places")
	}
	n.head, n.headNext = g, k.number+1
}

// block decides on comments in block collections.
func (k *gap) block(g group) {
	n := k.notes
	switch n.prev {
	case scalarToken, aliasToken, flowSequenceEnd, flowMappingEnd, valueToken:
		n.request(k.file, n.number, Inline, k.inline(&g))
	case anchorToken, tagToken:
		k.doubt("a comment between properties and content")
		n.property = k.inline(&g)
	case keyToken:
		k.doubt("a comment after \"?\"")
	}
	if g.empty() {
		return
	}
	groups := k.split(g)
	k.zigzag(g)
	if n.prev == valueToken && len(k.ends) == 0 && slices.ContainsFunc(k.file.comments[g.from:g.to], func(c Comment) bool { return c.column < k.inner }) {
		k.doubt("a comment that is indented less than the empty value above it")
	}
	switch {
	case k.hasFoot():
		k.feet(groups, g.to)
	case n.prev == documentStart && len(k.file.Documents) > 1 && !groups[0].blank && groups[0].ends && n.prevLine < k.file.comments[g.from].Line:
		k.footOfPrevious(groups[0])
		k.headOfNext(group{from: groups[0].to, to: g.to})
	default:
		k.headOfNext(g)
	}
}

// zigzag doubts comments whose columns do not tell which block they are in.
func (k *gap) zigzag(g group) {
	last := k.file.comments[g.from]
	for _, c := range k.file.comments[g.from+1 : g.to] {
		in := c.column > last.column && last.column < k.depthBefore()
		off := c.column < k.depthBefore() && !k.isOuter(c.column) && c.column != k.nextColumn()
		if (c.Line == last.Line+1 || k.eof) && (in || off) {
			k.doubt("comments whose columns go in and out below a block")
			return
		}
		last = c
	}
}

// apart reports whether a blank line follows one of the comments.
func (k *gap) apart(g group) bool {
	for i := g.from; i < g.to; i++ {
		next := k.nextLine
		if i+1 < g.to {
			next = k.file.comments[i+1].Line
		}
		if next > k.file.comments[i].Line+1 {
			return true
		}
	}
	return false
}

// footOfPrevious gives comments after "---" to the document before, as a blank
// line parts them from what comes after.
func (k *gap) footOfPrevious(g group) {
	i := len(k.file.Documents) - 2
	d := &k.file.Documents[i]
	if d.EndMarker >= 0 || d.notes > 0 {
		k.doubt("comments on both sides of \"---\"")
	}
	k.file.giveDocument(i, Foot, g)
}

// hasFoot reports whether comments can be below what is before the gap.
func (k *gap) hasFoot() bool {
	switch k.notes.prev {
	case scalarToken, aliasToken:
		return true
	case flowSequenceEnd, flowMappingEnd:
		if k.notes.prevLine == 1 {
			k.doubt("comments after a flow collection that ends on the first line")
		}
		return true
	case valueToken, blockEntry:
		return k.depthBefore() > k.nextColumn()
	}
	return false
}

// feet gives groups to what ends before or in the gap, until one belongs to
// what is after it.
func (k *gap) feet(groups []group, to int) {
	next := k.nextColumn()
	deeper := !k.eof && k.depthBefore() > next
	if len(groups) > 1 && (k.eof && k.notes.prev == valueToken || k.notes.blankTail) {
		k.doubt("several comments below an empty value or a block scalar that ends in blank lines")
	}
	holder := -1 // -1 is the node before, then come the collections that end
	for i, g := range groups {
		column := k.file.comments[g.from].column
		inner := deeper && column != next
		split := i+1 < len(groups) && !g.ends
		outer := column < k.depthBefore()
		if i > 0 && deeper && column < next {
			k.doubt("comments whose columns go in and out below a block")
		}
		if !split && (g.blank && !inner || !g.ends && !inner || k.eof && (!outer && k.notes.prev == valueToken || groups[0].blank)) {
			k.headOfNext(group{from: g.from, to: to})
			return
		}
		at := -1
		if outer && (i > 0 || !g.blank && g.ends) {
			if !k.isOuter(column) {
				k.doubt("a comment between the columns of two blocks")
			}
			at = k.endAt(column)
		}
		if outer && at < 0 && g.ends && len(k.ends) == 0 {
			if i > 0 {
				k.doubt("several comments below the last entry of a block")
			}
			k.notes.request(k.file, k.notes.number, passing, g)
			continue
		}
		if i > 0 && at <= holder {
			k.doubt("several comments below the last entry of a block")
		}
		holder = at
		k.footOf(holder, g)
	}
}

// nextColumn returns the column of what is after the gap.
func (k *gap) nextColumn() int32 {
	if k.eof {
		return 0
	}
	return k.column
}

// endAt returns the collection whose end leads to a column, -1 if none does.
func (k *gap) endAt(column int32) int {
	for i := range k.ends {
		if i+1 == len(k.ends) || k.ends[i+1].column <= column {
			return i
		}
	}
	return -1
}

func (k *gap) footOf(end int, g group) {
	n := k.notes
	if end < 0 {
		n.request(k.file, n.number, Foot, g)
		return
	}
	n.groups = append(n.groups, g)
	k.ends[end].foot = int32(len(n.groups))
}

// flow decides on comments in flow collections.
func (k *gap) flow(g group) {
	n := k.notes
	next := byte(0)
	if !k.eof {
		next = k.text[k.pos]
	}
	closes := next == ']' || next == '}'
	switch n.prev {
	case flowSequenceStart, flowMappingStart:
		k.inline(&g) // other programs drop it
		if !closes {
			k.headOfNext(g)
		}
		return
	case scalarToken, aliasToken, flowSequenceEnd, flowMappingEnd:
		n.request(k.file, n.number, Inline, k.inline(&g))
	case flowEntry:
		n.request(k.file, n.number-1, Inline, k.inline(&g))
	case valueToken:
		n.property = k.inline(&g)
		if closes {
			k.doubt("a comment in place of a value")
		}
	default:
		k.doubt("a comment inside a flow collection")
	}
	if g.empty() {
		return
	}
	groups := k.split(g)
	if len(groups) > 1 && (closes || n.prevLine == 1) {
		k.doubt("several comments in one place of a flow collection")
	}
	if closes {
		k.flowFoot(g)
		return
	}
	if n.prev != flowEntry && n.prev != valueToken {
		k.doubt("a comment before a comma")
	}
	last := groups[len(groups)-1]
	if n.prev == flowEntry && len(groups) > 1 && !groups[0].blank {
		k.flowFoot(groups[0])
		g.from = groups[0].to
	} else if n.prev == flowEntry && last.ends {
		k.doubt("a comment between entries of a flow collection")
	}
	k.headOfNext(g)
}

// flowFoot gives comments to the value before the gap, or before the comma
// there.
func (k *gap) flowFoot(g group) {
	number := k.notes.number
	if k.notes.prev == flowEntry {
		number--
	}
	k.notes.request(k.file, number, Foot, g)
}
