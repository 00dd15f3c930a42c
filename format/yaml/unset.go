package yaml

import (
	"fmt"

	"github.com/seed-1f7fdfb8/sops/tree"
)

// Unset removes what stands at a in the first document.
func (d *document) Unset(a tree.Address) ([]byte, error) {
	want := cloneAll(d.trees)
	if err := tree.Unset(want[0], a); err != nil {
		return nil, fmt.Errorf("component %s: %w", a, err)
	}
	o, err := d.outline()
	if err != nil {
		return nil, err
	}
	way, err := o.path(a)
	if err != nil {
		return nil, err
	}
	if len(way) != len(a)+1 {
		return nil, fmt.Errorf("component %s: %w", a, tree.ErrNotFound)
	}
	s := &setter{outline: o, step: o.indentStep()}
	t, parent := way[len(way)-1], way[len(way)-2]
	switch {
	case len(parent.kids) == 1:
		s.emptied(parent)
	case parent.at.flow:
		s.unsetFlow(parent, t)
	default:
		s.unsetBlock(parent, t)
	}
	return d.checked(s.edits, want, way)
}

// emptied writes {} or [] for a collection that lost its last entry.
func (s *setter) emptied(t *twig) {
	text := "{}"
	if t.Kind == sequenceNode {
		text = "[]"
	}
	switch {
	case t.at.flow && t.Style&flowStyle != 0:
		s.edit(t.start, t.end, text)
	case t.key != nil && t.place.prop == t.start && !s.sameLine(t):
		s.dropBlock(t, " "+text)
	default:
		s.edit(t.start, max(t.end, s.endWithComment(t.end)), text)
	}
}

// endWithComment returns the end of the line at which at stands if only a
// comment follows.
func (s *setter) endWithComment(at int) int {
	if i := skipBlanks(s.text, at); i < len(s.text) && s.text[i] == '#' {
		return lineEnd(s.text, i)
	}
	return at
}

// unsetFlow removes an entry with one comma.
func (s *setter) unsetFlow(parent, t *twig) {
	i := 0
	for parent.kids[i] != t {
		i++
	}
	if i > 0 {
		s.edit(parent.kids[i-1].end, t.end, "")
		return
	}
	s.edit(t.entryStart(), parent.kids[1].entryStart(), "")
}

// entryStart is where the key or the dash of t stands, or t itself.
func (t *twig) entryStart() int {
	switch {
	case t.key != nil:
		return t.key.place.prop
	case t.dash >= 0:
		return t.dash
	}
	return t.place.prop
}

// unsetBlock removes the lines of an entry and the comment lines directly above
// it.
func (s *setter) unsetBlock(parent, t *twig) {
	start := t.entryStart()
	if t.key != nil {
		// An explicit key begins at its question mark.
		for i := start; i > 0 && (isBlank(s.text[i-1]) || s.text[i-1] == '?'); i-- {
			if s.text[i-1] == '?' {
				start = i - 1
			}
		}
	}
	line := lineStart(s.text, start)
	if skipBlanks(s.text, line) < start {
		// The entry shares its line with the dash of a list; the next one
		// takes its place.
		s.edit(start, parent.kids[1].entryStart(), "")
		return
	}
	end := afterBreak(s.text, t.end)
	if t.key != nil && t.Kind == scalarNode && t.place.prop == t.place.end {
		// Nothing stands there, perhaps not even a colon.
		end = afterBreak(s.text, t.key.end)
	}
	if t.place.block() && t.end == t.place.end {
		end = t.end + breakAt(s.text, t.end)
	}
	s.edit(s.commentsAbove(line, start-line), end, "")
	if end == len(s.text) && !endsInBreak(s.text) {
		// The text had no last break; it keeps none.
		last := &s.edits[len(s.edits)-1]
		last.Start = beforeBreak(s.text, last.Start)
	}
}

// commentsAbove returns the start of the run of comment lines at column that
// ends directly above line.
func (s *setter) commentsAbove(line, column int) int {
	for line > 0 {
		above := lineStart(s.text, beforeBreak(s.text, line))
		at := skipBlanks(s.text, above)
		if at-above != column || s.text[at] != '#' {
			break
		}
		line = above
	}
	return line
}
