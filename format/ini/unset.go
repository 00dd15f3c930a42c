package ini

import (
	"fmt"
	"strings"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/internal/initext"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// unset returns the edits that remove a section or a key.
func (d *document) unset(a tree.Address) ([]format.Edit, error) {
	if len(a) == 0 {
		return nil, fmt.Errorf("the document itself: %w", tree.ErrNotFound)
	}
	if _, err := tree.Find(d.root, a); err != nil {
		return nil, err
	}
	sec := d.find(a[0].Key)
	if len(a) == 1 {
		return d.unsetSection(sec), nil
	}
	return d.unsetKey(sec, a[1].Key), nil
}

// unsetKey removes all lines of a key.
func (d *document) unsetKey(sec *initext.Section, key string) []format.Edit {
	var edits []format.Edit
	for _, e := range sec.Keys {
		if e.Name == key {
			start := e.Start
			if n := len(edits); n > 0 && edits[n-1].End == start {
				start = edits[n-1].Start
				edits = edits[:n-1]
			}
			edits = append(edits, format.Edit{Start: start, End: e.Value.Next})
			continue
		}
		if len(edits) > 0 && e.Key.Of(d.src) == "-" {
			// One number less is given before it; it keeps its own.
			edits = append(edits, format.Edit{Start: e.Key.Start, End: e.Key.End, Text: initext.Back + e.Name + initext.Back})
		}
	}
	last := &edits[len(edits)-1]
	*last = d.withBreak(*last)
	if eol := d.eol(); sec.Header.Empty() && last.Start == initext.BOM(d.src) && strings.HasPrefix(d.src[last.End:], eol) {
		last.End += len(eol) // the blank line before the first section
	}
	return edits
}

// withBreak lets a file without a last line break still have none when its last
// line goes.
func (d *document) withBreak(e format.Edit) format.Edit {
	if e.End == len(d.src) && e.End > 0 && d.src[e.End-1] != '\n' {
		before := strings.TrimSuffix(d.src[:e.Start], "\n")
		e.Start = max(len(strings.TrimSuffix(before, "\r")), initext.BOM(d.src))
	}
	return e
}

// unsetSection removes a section with the blank line before it, or after it
// where it is the first.
func (d *document) unsetSection(sec *initext.Section) []format.Edit {
	end := sec.Next
	if n := len(sec.Keys); n > 0 {
		end = sec.Keys[n-1].Value.Next
	}
	e := format.Edit{Start: sec.Start, End: end}
	eol := d.eol()
	before, blank := strings.CutSuffix(d.src[:e.Start], eol)
	switch {
	case blank && strings.HasSuffix(before, "\n"):
		e.Start = len(before)
	case e.Start <= initext.BOM(d.src) && strings.HasPrefix(d.src[end:], eol):
		e.End += len(eol)
	}
	return []format.Edit{d.withBreak(e)}
}
