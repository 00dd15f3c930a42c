package yamltext

// A gap is what is between two tokens, with comments in it.
type gap struct {
	*scanner
	notes  *notes
	ends   []token // block collections that end in it, the deepest first
	eof    bool
	marker bool // a marker or a directive comes after it
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

// split cuts comments at blank lines, and where they come out of a block
// collection.
func (k *gap) split(g group) []group {
	var out []group
	line := k.notes.prevLine
	depth := max(k.depthBefore(), 0)
	cs := k.file.comments
	for i := g.from; i < g.to; i++ {
		c := &cs[i]
		blank := c.Line > line+1
		if blank && len(out) > 0 {
			out[len(out)-1].ends = true
		}
		if i == g.from || blank || c.column < depth {
			out = append(out, group{from: i, to: i, blank: blank})
		}
		out[len(out)-1].to = i + 1
		if c.column < depth {
			depth = k.enclosing(c.column)
		}
		line = c.Line
	}
	out[len(out)-1].ends = k.eof || k.line > line+1
	return out
}

// depthBefore returns the indentation before the gap.
func (k *gap) depthBefore() int32 {
	if len(k.ends) > 0 {
		return k.ends[0].column
	}
	return k.indent
}

// enclosing returns the indentation of the innermost collection that a column
// is in.
func (k *gap) enclosing(column int32) int32 {
	for i := range k.ends {
		if k.ends[i].column <= column {
			return k.ends[i].column
		}
	}
	return max(min(k.indent, column), 0)
}

// start decides on comments before the first token of a document.
func (k *gap) start(g group) {
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
	if k.eof || k.marker && k.notes.prev != noToken && k.notes.prev != documentEnd {
		k.notes.documentFoot = group{from: g.from, to: g.to}
		return
	}
	n := k.notes
	if !n.head.empty() {
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
	if !k.hasFoot() {
		k.headOfNext(g)
		return
	}
	k.feet(groups, g.to)
}

// hasFoot reports whether comments can be below what is before the gap.
func (k *gap) hasFoot() bool {
	switch k.notes.prev {
	case scalarToken, aliasToken:
		return true
	case flowSequenceEnd, flowMappingEnd:
		return len(k.ends) > 0 && !k.eof || k.indent < 0 && len(k.ends) == 0 || k.nextIsDash()
	case valueToken, blockEntry:
		return len(k.ends) > 0
	}
	return false
}

func (k *gap) nextIsDash() bool {
	return !k.eof && k.text[k.pos] == '-' && endsToken(k.text, k.pos+1)
}

// feet gives groups to what ends before or in the gap, until one belongs to
// what is after it.
func (k *gap) feet(groups []group, to int) {
	next := k.column()
	if k.eof {
		next = 0
	}
	holder := 0 // 0 is the node before, then come the collections that end
	for i, g := range groups {
		column := k.file.comments[g.from].column
		inner := len(k.ends) > 0 && column > next && !k.eof
		split := i+1 < len(groups) && !g.ends
		switch {
		case g.blank && !inner, !g.ends && !inner && !split:
			k.headOfNext(group{from: g.from, to: to})
			return
		case !g.blank && g.ends && column < k.depthBefore():
			holder = max(holder, k.endAt(column))
		}
		k.footOf(holder, g)
		holder++
	}
}

// endAt returns the collection whose end leads to a column.
func (k *gap) endAt(column int32) int {
	for i := range k.ends {
		if i+1 == len(k.ends) || k.ends[i+1].column <= column {
			return i + 1
		}
	}
	k.doubt("a comment that is indented less than the block around it")
	return 0
}

func (k *gap) footOf(holder int, g group) {
	n := k.notes
	if holder == 0 {
		n.request(k.file, n.number, Foot, g)
		return
	}
	if holder > len(k.ends) {
		k.doubt("several comments below the last entry of a block")
		return
	}
	n.groups = append(n.groups, g)
	k.ends[holder-1].foot = int32(len(n.groups))
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
	default:
		k.doubt("a comment inside a flow collection")
	}
	if g.empty() {
		return
	}
	if closes {
		k.flowFoot(g)
		return
	}
	groups := k.split(g)
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
