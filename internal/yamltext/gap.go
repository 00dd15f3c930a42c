package yamltext

import (
	"slices"

	"github.com/seed-1f7fdfb8/sops/internal/yamltext/internal/char"
	"github.com/seed-1f7fdfb8/sops/internal/yamltext/internal/scan"
)

// A gap is what is between two tokens, with comments in it.
type gap struct {
	scan.Gap
	file  *File
	notes *notes
	line  int32 // of what is after it
	// virtual says that an entry of the root mapping will come after it, on the
	// line NextLine and in that column.
	virtual bool
}

func (k *gap) doubt(construct string) { k.notes.Doubt(construct, k.line) }

// foresee makes the entry that will be added to the document the end of the gap.
func (k *gap) foresee() {
	if k.Marker && k.file.Text[k.At] == '%' {
		k.doubt("a comment before a directive")
	}
	if !k.notes.entry || !k.EOF && !k.Marker || k.Prev == scan.NoToken || k.Prev == scan.DocumentEnd {
		return
	}
	switch root := len(k.Ends) - 1; {
	case k.Prev == scan.DocumentStart:
		k.Column = 0
	case root >= 0 && k.Root == scan.StartsMapping:
		k.Column = k.Ends[root].Column
		k.Ends = k.Ends[:root]
		k.Indent = k.Column
	default:
		return
	}
	if k.EOF && !k.Fresh {
		k.NextLine++
	}
	k.virtual, k.EOF, k.Marker = true, false, false
}

// inline takes the comment on the line of the token before.
func (k *gap) inline(g *group) group {
	first := *g
	if k.file.comments[g.from].Line != k.PrevLine {
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
	line, column := k.PrevLine, int32(-1)
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
	out[len(out)-1].ends = k.EOF || k.NextLine > line+1 || k.looksBlank(g.to-1)
	k.notes.pieces = out
	return out
}

// looksBlank reports whether a blank line seems to come after a comment: other
// programs take the two characters of CRLF for two line breaks there.
func (k *gap) looksBlank(i int) bool {
	end := int(k.file.comments[i].End)
	return end < len(k.file.Text) && k.file.Text[end] == '\r'
}

// depthBefore returns the indentation before the gap.
func (k *gap) depthBefore() int32 {
	if len(k.Ends) > 0 {
		return k.Ends[0].Column
	}
	return k.Indent
}

// isOuter reports whether a column is that of a block collection around the
// innermost one before the gap.
func (k *gap) isOuter(column int32) bool {
	if column >= k.depthBefore() {
		return false
	}
	if column <= k.Indent {
		_, found := slices.BinarySearch(k.Indents, column)
		return found || column == k.Indent
	}
	i := k.endAt(column)
	return i >= 0 && i+1 < len(k.Ends) && k.Ends[i+1].Column == column
}

// start decides on comments before the first token of a document.
func (k *gap) start(g group) {
	if k.Prev == scan.DocumentEnd {
		k.doubt("a comment after \"...\"")
	}
	groups := k.split(g)
	last := len(groups) - 1
	d := len(k.file.Documents)
	if k.Prev == scan.DocumentEnd {
		d--
	}
	switch {
	case k.Prev == scan.NoToken && k.Marker:
		k.headOfNext(g)
		return
	case groups[last].ends:
		last++
	}
	if last > 0 {
		above := group{from: g.from, to: groups[last-1].to}
		if k.Prev == scan.DocumentEnd {
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
	if (k.EOF || k.Marker) && k.Prev == scan.DocumentStart {
		k.doubt("a comment in a document without content")
	}
	if k.virtual && k.Prev == scan.DocumentStart && (len(k.notes.heads) > 0 || k.apart(g)) {
		k.doubt("a comment in a document without content")
	}
	if k.virtual || k.EOF || k.Marker && k.Prev != scan.NoToken && k.Prev != scan.DocumentEnd {
		k.notes.documentFoot = group{from: g.from, to: g.to}
		return
	}
	n := k.notes
	if k.Prev == scan.DocumentStart && len(n.heads) > 0 && k.apart(g) {
		k.doubt("comments on both sides of \"---\"")
	}
	n.heads = append(n.heads, head{k.Number + 1, g})
}

// block decides on comments in block collections.
func (k *gap) block(g group) {
	n := k.notes
	switch k.Prev {
	case scan.Scalar, scan.Alias, scan.FlowSequenceEnd, scan.FlowMappingEnd, scan.Value:
		n.request(k.Number, Inline, k.inline(&g))
	case scan.Anchor, scan.Tag:
		if !n.property.group.empty() {
			k.doubt("several comments between properties and content")
		}
		n.property = head{k.Number + 1, k.inline(&g)}
		if !g.empty() || k.EOF || k.virtual || k.Marker || len(k.Ends) > 0 || k.Column <= k.Indent || k.PrevLine == 1 || k.file.Text[k.At] == '[' || k.file.Text[k.At] == '{' {
			k.doubt("a comment between properties and content")
		}
	}
	k.odd(g)
	if g.empty() {
		return
	}
	groups := k.split(g)
	switch {
	case k.PrevLine == 1 && k.Prev == scan.Scalar && k.Quoted && groups[0].ends:
		k.doubt("a comment and a blank line after a quoted scalar on the first line")
	case k.Prev == scan.BlockEntry && groups[0].ends:
		k.doubt("a comment and a blank line after a dash")
	case k.Prev == scan.DocumentStart && groups[0].ends && (len(k.file.Documents) == 1 && k.PrevLine > 1 || len(groups) > 2):
		k.doubt("a comment and a blank line after \"---\"")
	}
	if len(groups) > 1 && len(k.Ends) == 0 && slices.ContainsFunc(k.file.comments[g.from:g.to], func(c Comment) bool { return c.column < k.Indent }) {
		k.doubt("comments whose columns go in and out below a block")
	}
	k.zigzag(g)
	if k.Prev == scan.Value && len(k.Ends) == 0 && slices.ContainsFunc(k.file.comments[g.from:g.to], func(c Comment) bool { return c.column < k.Indent }) {
		k.doubt("a comment that is indented less than the empty value above it")
	}
	switch {
	case k.hasFoot():
		k.feet(groups, g.to)
	case k.Prev == scan.DocumentStart && len(k.file.Documents) > 1 && !groups[0].blank && groups[0].ends && k.PrevLine < k.file.comments[g.from].Line:
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
		off := c.column < k.depthBefore() && !k.isOuter(c.column) && (k.EOF || k.Marker || c.column != k.nextColumn())
		back := last.column >= k.nextColumn() && c.column < k.nextColumn() && len(k.Ends) > 0
		if (c.Line == last.Line+1 || k.EOF) && (in || off) || back {
			k.doubt("comments whose columns go in and out below a block")
			return
		}
		last = c
	}
}

// apart reports whether a blank line follows one of the comments.
func (k *gap) apart(g group) bool {
	for i := g.from; i < g.to; i++ {
		next := k.NextLine
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
	if d.EndMarker >= 0 || d.notes > 0 || k.file.Text[d.End] == '%' {
		k.doubt("comments on both sides of \"---\"")
	}
	k.file.giveDocument(i, Foot, g)
}

func (k *gap) nextIsDash() bool {
	return !k.EOF && !k.virtual && k.file.Text[k.At] == '-' && char.EndsToken(k.file.Text, k.At+1)
}

// odd doubts comments beside what is rare.
func (k *gap) odd(g group) {
	next := byte(0)
	if !k.EOF && !k.virtual {
		next = k.file.Text[k.At]
	}
	last := &k.file.comments[len(k.file.comments)-1]
	switch {
	case g.to-g.from > 1 && len(k.Ends) > 0 && k.looksBlank(g.from):
		k.doubt("comments with CRLF at the end of a block")
	case k.PrevLine == 1 && k.Prev != scan.Value && last.Line > 1 && k.file.comments[k.From].Line == 1:
		k.doubt("comments after a comment at the end of the first line")
	case k.EOF && int(last.End) == len(k.file.Text) && !g.empty() && last.Line > k.file.comments[g.from].Line && k.apart(group{from: g.from, to: g.to - 1}):
		k.doubt("comments at the end of a text without a line break")
	case k.Prev == scan.Directive:
		k.doubt("a comment after a directive")
	case k.EOF && int(last.End) < k.At && !k.Fresh && !g.empty():
		k.doubt("a comment before blanks at the end of the text")
	case k.EOF && int(last.End) == len(k.file.Text) && !g.empty() && last.column < k.depthBefore():
		k.doubt("a comment at the end of a text without a line break")
	case (next == '&' || next == '!') && !g.empty():
		k.doubt("a comment above properties")
	case k.Prev == scan.BlockEntry && (k.EOF || k.virtual || k.Marker || k.nextIsDash() || len(k.Ends) > 0):
		k.doubt("a comment in an empty entry of a block sequence")
	case k.Indent < 0 && len(k.Ends) == 0 && k.Prev == scan.Scalar && !g.empty():
		k.doubt("a comment below a document that is a scalar")
	}
}

// flow decides on comments in flow collections.
func (k *gap) flow(g group) {
	n := k.notes
	next := byte(0)
	if !k.EOF {
		next = k.file.Text[k.At]
	}
	closes := next == ']' || next == '}'
	if next == '!' || next == '&' {
		k.doubt("a comment above properties")
	}
	switch k.Prev {
	case scan.FlowSequenceStart, scan.FlowMappingStart:
		k.inline(&g) // other programs drop it
		switch {
		case !closes && !g.empty():
			if k.apart(g) || k.file.comments[g.from].column > k.Column {
				k.doubt("several comments in one place of a flow collection")
			}
			k.headOfNext(g)
		case !g.empty():
			k.doubt("a comment in an empty flow collection")
		}
		return
	case scan.Scalar, scan.Alias, scan.FlowSequenceEnd, scan.FlowMappingEnd:
		n.request(k.Number, Inline, k.inline(&g))
	case scan.FlowEntry:
		if k.Before == scan.Value || k.Before == scan.FlowEntry || k.Before == scan.Key || k.Before == scan.Tag || k.Before == scan.Anchor {
			k.doubt("a comment after an empty value in a flow collection")
		}
		n.request(k.Number-1, Inline, k.inline(&g))
	case scan.Value:
		n.property = head{k.Number + 1, k.inline(&g)}
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
	if f := &k.file.comments[g.from]; k.Prev == scan.FlowEntry && f.column != k.Column && f.Line == k.PrevLine+1 {
		k.doubt("a comment in another column than the entry of a flow collection after it")
	}
	if len(groups) > 1 && (closes || k.PrevLine == 1) {
		k.doubt("several comments in one place of a flow collection")
	}
	if closes {
		if k.file.comments[g.from].column < k.Indent {
			k.doubt("a comment in a flow collection that is indented less than the block around it")
		}
		k.flowFoot(g)
		return
	}
	if k.Prev != scan.FlowEntry && k.Prev != scan.Value {
		k.doubt("a comment before a comma")
	}
	last := groups[len(groups)-1]
	if k.Prev == scan.FlowEntry && len(groups) > 1 && !groups[0].blank {
		k.flowFoot(groups[0])
		g.from = groups[0].to
	} else if k.Prev == scan.FlowEntry && last.ends {
		k.doubt("a comment between entries of a flow collection")
	}
	k.headOfNext(g)
}

// flowFoot gives comments to the value before the gap, or before the comma
// there.
func (k *gap) flowFoot(g group) {
	number := k.Number
	if k.Prev == scan.FlowEntry {
		number--
	}
	k.notes.request(number, Foot, g)
}
