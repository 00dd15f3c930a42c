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
	if k.marker && k.text[k.pos] == '%' {
		k.doubt("a comment before a directive")
	}
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
	out := k.notes.pieces[:0]
	line, column := k.notes.prevLine, int32(-1)
	cs := k.file.comments
	for i := g.from; i < g.to; i++ {
		c := &cs[i]
		blank := c.Line > line+1 || i > g.from && k.looksBlank(i-1)
		if blank && len(out) > 0 {
			out[len(out)-1].ends = true
		}
		if i == g.from || blank || c.column != column && k.isOuter(c.column) {
			out = append(out, group{from: i, to: i, blank: blank})
		}
		out[len(out)-1].to = i + 1
		line, column = c.Line, c.column
	}
	out[len(out)-1].ends = k.eof || k.nextLine > line+1 || k.looksBlank(g.to-1)
	k.notes.pieces = out
	return out
}

// looksBlank reports whether a blank line seems to come after a comment: other
// programs take the two characters of CRLF for two line breaks there.
func (k *gap) looksBlank(i int) bool {
	end := int(k.file.comments[i].End)
	return end < len(k.text) && k.text[end] == '\r'
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
		_, found := slices.BinarySearch(k.indents, column)
		return found || column == k.inner
	}
	i := k.endAt(column)
	return i >= 0 && i+1 < len(k.ends) && k.ends[i+1].column == column
}

// start decides on comments before the first token of a document.
func (k *gap) start(g group) {
	if k.notes.prev == documentEnd {
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
	if k.virtual && k.notes.prev == documentStart && (len(k.notes.heads) > 0 || k.apart(g)) {
		k.doubt("a comment in a document without content")
	}
	if k.virtual || k.eof || k.marker && k.notes.prev != noToken && k.notes.prev != documentEnd {
		k.notes.documentFoot = group{from: g.from, to: g.to}
		return
	}
	n := k.notes
	if n.prev == documentStart && len(n.heads) > 0 && k.apart(g) {
		k.doubt("comments on both sides of \"---\"")
	}
	n.heads = append(n.heads, head{k.number + 1, g})
}

// block decides on comments in block collections.
func (k *gap) block(g group) {
	n := k.notes
	switch n.prev {
	case scalarToken, aliasToken, flowSequenceEnd, flowMappingEnd, valueToken:
		n.request(k.file, n.number, Inline, k.inline(&g))
	case anchorToken, tagToken:
		if !n.property.group.empty() {
			k.doubt("several comments between properties and content")
		}
		n.property = head{k.number + 1, k.inline(&g)}
		if !g.empty() || k.eof || k.virtual || k.marker || len(k.ends) > 0 || k.column <= k.inner || n.prevLine == 1 || k.text[k.pos] == '[' || k.text[k.pos] == '{' {
			k.doubt("a comment between properties and content")
		}
	}
	k.odd(g)
	if g.empty() {
		return
	}
	groups := k.split(g)
	switch {
	case n.prevLine == 1 && n.prev == scalarToken && n.quoted && groups[0].ends:
		k.doubt("a comment and a blank line after a quoted scalar on the first line")
	case n.prev == blockEntry && groups[0].ends:
		k.doubt("a comment and a blank line after a dash")
	case n.prev == documentStart && groups[0].ends && (len(k.file.Documents) == 1 && n.prevLine > 1 || len(groups) > 2):
		k.doubt("a comment and a blank line after \"---\"")
	}
	if len(groups) > 1 && len(k.ends) == 0 && slices.ContainsFunc(k.file.comments[g.from:g.to], func(c Comment) bool { return c.column < k.inner }) {
		k.doubt("comments whose columns go in and out below a block")
	}
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
		off := c.column < k.depthBefore() && !k.isOuter(c.column) && (k.eof || k.marker || c.column != k.nextColumn())
		back := last.column >= k.nextColumn() && c.column < k.nextColumn() && len(k.ends) > 0
		if (c.Line == last.Line+1 || k.eof) && (in || off) || back {
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
		if next > k.file.comments[i].Line+1 || k.looksBlank(i) {
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
	if d.EndMarker >= 0 || d.notes > 0 || k.text[d.End] == '%' {
		k.doubt("comments on both sides of \"---\"")
	}
	k.file.giveDocument(i, Foot, g)
}

func (k *gap) nextIsDash() bool {
	return !k.eof && !k.virtual && k.text[k.pos] == '-' && endsToken(k.text, k.pos+1)
}

// odd doubts comments beside what is rare.
func (k *gap) odd(g group) {
	next := byte(0)
	if !k.eof && !k.virtual {
		next = k.text[k.pos]
	}
	last := &k.file.comments[len(k.file.comments)-1]
	switch {
	case g.to-g.from > 1 && len(k.ends) > 0 && k.looksBlank(g.from):
		k.doubt("comments with CRLF at the end of a block")
	case k.notes.prevLine == 1 && k.notes.prev != valueToken && last.Line > 1 && k.file.comments[k.notes.gapFrom].Line == 1:
		k.doubt("comments after a comment at the end of the first line")
	case k.eof && int(last.End) == len(k.text) && !g.empty() && last.Line > k.file.comments[g.from].Line && k.apart(group{from: g.from, to: g.to - 1}):
		k.doubt("comments at the end of a text without a line break")
	case k.notes.prev == directiveToken:
		k.doubt("a comment after a directive")
	case k.eof && int(last.End) < k.pos && k.pos != k.lineStart && !g.empty():
		k.doubt("a comment before blanks at the end of the text")
	case k.eof && int(last.End) == len(k.text) && !g.empty() && last.column < k.depthBefore():
		k.doubt("a comment at the end of a text without a line break")
	case (next == '&' || next == '!') && !g.empty():
		k.doubt("a comment above properties")
	case k.notes.prev == blockEntry && (k.eof || k.virtual || k.marker || k.nextIsDash() || len(k.ends) > 0):
		k.doubt("a comment in an empty entry of a block sequence")
	case k.inner < 0 && len(k.ends) == 0 && k.notes.prev == scalarToken && !g.empty():
		k.doubt("a comment below a document that is a scalar")
	}
}

// flow decides on comments in flow collections.
func (k *gap) flow(g group) {
	n := k.notes
	next := byte(0)
	if !k.eof {
		next = k.text[k.pos]
	}
	closes := next == ']' || next == '}'
	if next == '!' || next == '&' {
		k.doubt("a comment above properties")
	}
	switch n.prev {
	case flowSequenceStart, flowMappingStart:
		k.inline(&g) // other programs drop it
		switch {
		case !closes && !g.empty():
			if k.apart(g) || k.file.comments[g.from].column > k.column {
				k.doubt("several comments in one place of a flow collection")
			}
			k.headOfNext(g)
		case !g.empty():
			k.doubt("a comment in an empty flow collection")
		}
		return
	case scalarToken, aliasToken, flowSequenceEnd, flowMappingEnd:
		n.request(k.file, n.number, Inline, k.inline(&g))
	case flowEntry:
		if n.before == valueToken || n.before == flowEntry || n.before == keyToken || n.before == tagToken || n.before == anchorToken {
			k.doubt("a comment after an empty value in a flow collection")
		}
		n.request(k.file, n.number-1, Inline, k.inline(&g))
	case valueToken:
		n.property = head{k.number + 1, k.inline(&g)}
		if closes || next == ',' || !g.empty() {
			k.doubt("a comment in place of a value")
		}
	default:
		k.doubt("a comment inside a flow collection")
	}
	if g.empty() {
		return
	}
	groups := k.split(g)
	if f := &k.file.comments[g.from]; n.prev == flowEntry && f.column != k.column && f.Line == n.prevLine+1 {
		k.doubt("a comment in another column than the entry of a flow collection after it")
	}
	if len(groups) > 1 && (closes || n.prevLine == 1) {
		k.doubt("several comments in one place of a flow collection")
	}
	if closes {
		if k.file.comments[g.from].column < k.indent {
			k.doubt("a comment in a flow collection that is indented less than the block around it")
		}
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
