package yaml

import (
	"slices"

	"github.com/seed-1f7fdfb8/sops/format"
)

// A removal is an entry that is removed from its collection.
type removal struct{ parent, entry *element }

// remove removes entries. Aliases that lose their anchor are written out.
func (s *setter) remove(gone []removal) {
	count := map[*element]int{}
	s.gone = map[*element]bool{}
	for _, r := range gone {
		count[r.parent]++
		s.gone[r.entry] = true
	}
	for _, r := range gone {
		switch n := count[r.parent]; {
		case n == len(r.parent.kids):
			s.emptied(r.parent)
			count[r.parent] = -1
		case n < 0: // emptied before
		case r.parent.at.flow:
			s.unsetFlow(r.parent, r.entry)
		default:
			s.unsetBlock(r.parent, r.entry)
		}
	}
	if len(s.sites) == 0 {
		return
	}
	for _, r := range gone {
		s.writeOut(r.entry)
	}
}

// staying returns the first entry of a collection that stays.
func (s *setter) staying(t *element) int {
	return slices.IndexFunc(t.kids, func(k *element) bool { return !s.gone[k] })
}

// writeOut writes the values in place of the aliases that lose their anchor with
// t: other programs hold a copy there.
func (s *setter) writeOut(t *element) {
	lost := map[string]bool{}
	s.anchors(t, lost)
	gone := slices.Clone(s.edits)
	for i := range s.sites {
		a := &s.sites[i]
		inside := slices.ContainsFunc(gone, func(e format.Edit) bool { return a.start >= e.Start && a.start < e.End })
		if !inside && lost[string(s.text[a.start+1:a.end])] {
			s.edit(a.start, a.end, flowText(a.value))
		}
	}
}

// anchors collects the names of the anchors in t, its key included.
func (s *setter) anchors(t *element, into map[string]bool) {
	if name := s.file.Anchor(t.id); name != "" {
		into[name] = true
	}
	if t.key != nil {
		s.anchors(t.key, into)
	}
	s.open(t)
	for _, k := range t.kids {
		s.anchors(k, into)
	}
}

// emptied writes {} or [] for a collection that lost its entries. Comments in it
// stay.
func (s *setter) emptied(t *element) {
	text := "{}"
	if t.isList() {
		text = "[]"
	}
	switch {
	case t.at.flow && t.isFlow() && s.commented(t.start, t.end):
		for _, k := range t.kids {
			s.edit(k.entryStart(), s.withComma(k.end), "")
		}
	case t.at.flow && t.isFlow():
		s.edit(t.start, t.end, text)
	case t.key != nil && t.place.prop == t.start && !s.sameLine(t):
		colon := s.colon(t)
		s.edit(colon, s.propertiesEnd(t, colon), " "+text)
		for _, k := range t.kids {
			start, end := s.linesOf(t, k)
			s.edit(start, end, "")
		}
	default:
		s.edit(t.start, max(t.end, s.endWithComment(t.end)), text)
	}
}

// withComma returns the place after the comma that follows at, if one does,
// and after a comment on that line.
func (s *setter) withComma(at int) int {
	end := at
	if i := skipBlanks(s.text, end); i < len(s.text) && s.text[i] == ',' {
		end = i + 1
	}
	return s.endWithComment(end)
}

// endWithComment returns the end of the line at which at is if only a
// comment follows.
func (s *setter) endWithComment(at int) int {
	if i := skipBlanks(s.text, at); i < len(s.text) && s.text[i] == '#' {
		return lineEnd(s.text, i)
	}
	return at
}

// unsetFlow removes an entry with one comma. Where comments are around it,
// they stay, and the comma that goes is the one after it.
func (s *setter) unsetFlow(parent, t *element) {
	i := slices.Index(parent.kids, t)
	start, end := t.entryStart(), 0
	if i > s.staying(parent) {
		start, end = parent.kids[i-1].end, t.end
	} else {
		end = parent.kids[i+1].entryStart()
	}
	if s.commented(start, end) {
		start, end = t.entryStart(), s.withComma(t.end)
	}
	s.edit(start, end, "")
}

// entryStart is where the key or the dash of t is, or t itself.
func (t *element) entryStart() int {
	switch {
	case t.key != nil:
		return t.key.place.prop
	case t.dash >= 0:
		return t.dash
	}
	return t.place.prop
}

// unsetBlock removes the lines of an entry. Comment lines above it stay.
func (s *setter) unsetBlock(parent, t *element) {
	start, end := s.linesOf(parent, t)
	if line := lineStart(s.text, start); line < start {
		// The entry shares its line with the dash of a list; the next one
		// takes its place.
		s.edit(start, parent.kids[s.staying(parent)].entryStart(), "")
		return
	}
	if s.gone[parent.kids[0]] && s.sharesLine(parent, parent.kids[0]) && slices.Index(parent.kids, t) < s.staying(parent) {
		return // goes with the first
	}
	s.edit(start, end, "")
	if end == len(s.text) && !endsInBreak(s.text) {
		// The text had no last break; it keeps none.
		last := &s.edits[len(s.edits)-1]
		last.Start = beforeBreak(s.text, last.Start)
	}
}

// sharesLine reports whether an entry begins on the line of something before it.
func (s *setter) sharesLine(parent, t *element) bool {
	start, _ := s.linesOf(parent, t)
	return lineStart(s.text, start) < start
}

// linesOf returns the lines of an entry with its line's comment and the comments
// within it, or where it begins if more is before it on its line.
func (s *setter) linesOf(parent, t *element) (start, end int) {
	start = t.entryStart()
	if t.key != nil {
		// An explicit key begins at its question mark.
		for i := start; i > 0 && (isBlank(s.text[i-1]) || s.text[i-1] == '?'); i-- {
			if s.text[i-1] == '?' {
				start = i - 1
			}
		}
	}
	if line := lineStart(s.text, start); skipBlanks(s.text, line) == start {
		start = line
	}
	end = afterBreak(s.text, t.end)
	switch {
	case t.key != nil && t.isScalar() && t.place.prop == t.place.end:
		// Nothing is there, perhaps not even a colon.
		end = afterBreak(s.text, t.key.end)
	case t.place.block() && t.end == t.place.end:
		end = t.end + breakAt(s.text, t.end)
	case t.Len > 0 && !t.isFlow():
		whole := *t
		whole.at = parent.at
		end = s.endOfEntries(&whole)
	}
	return start, end
}
