package yaml

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// An unmasking collects what an Unmask does.
type unmasking struct {
	*document
	values   []format.Plain
	layout   *format.Layout
	edits    []format.Edit
	hollow   map[int]bool
	restored []span // where aliases came back: nothing else is edited there
}

// Unmask replaces tokens by values and removes the metadata.
func (d *document) Unmask(values []format.Plain, l *format.Layout) ([]byte, error) {
	if l == nil {
		l = &format.Layout{}
	}
	u := &unmasking{document: d, values: values, layout: l, edits: make([]format.Edit, 0, len(values)+2), hollow: map[int]bool{}}
	u.aliases()
	for _, m := range d.trees {
		u.findHollow(m)
	}
	for ref := range d.leaves {
		if values[ref].Set {
			u.leaf(ref)
		}
	}
	u.collectionTags()
	u.openEnd()
	u.edits = append(u.edits, d.cutEdits(l)...)
	out, err := format.Splice(d.src, u.edits)
	if err != nil {
		return nil, err
	}
	if l.NoNewline {
		out = out[:beforeBreak(out, len(out))]
	}
	return withMark(out, d.bom || l.BOM), nil
}

func (u *unmasking) leaf(ref int) {
	l := u.leafAt(ref)
	v := u.values[ref]
	if l.via > 0 || slices.ContainsFunc(u.restored, func(s span) bool { return l.start >= s.start && l.end <= s.end }) {
		return
	}
	switch {
	case l.comment:
		u.comment(&l, v.Value.Str())
	case v.Comment:
		u.element(ref, v.Value.Str())
	default:
		u.scalar(&l, v.Value)
	}
}

// tokenOf returns the text of a leaf without the break that a block adds.
func (l *leaf) tokenOf() string { return strings.TrimSpace(l.value.Str()) }

// comment writes the text of a comment. It must stay on its line.
func (u *unmasking) comment(l *leaf, text string) {
	if h, ok := u.layout.Comments[format.TokenHash(l.tokenOf())]; ok && strings.TrimSpace(h) == strings.TrimSpace(text) {
		text = h
	}
	u.edits = append(u.edits, format.Edit{Start: l.start, End: l.end, Text: oneLine(text)})
}

func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if isBreak(r) {
			return ' '
		}
		return r
	}, text)
}

// element makes a comment of a list element, as other programs encrypt them.
func (u *unmasking) element(ref int, text string) {
	l := u.leafAt(ref)
	start := lineStart(u.src, l.prop)
	dash := l.prop
	for dash > start && u.src[dash-1] != '-' {
		dash--
	}
	if dash == start || l.flow {
		// There is no line for a comment here; the element stays one.
		u.scalar(&l, tree.StringValue(text))
		return
	}
	text = "#" + oneLine(text)
	if u.hollow[ref] {
		// A list without an element would read as null.
		text = "[] " + text
		if skipBlanks(u.src, start) == dash-1 {
			text = " " + text
		}
	}
	u.edits = append(u.edits, format.Edit{Start: dash - 1, End: l.end, Text: text})
}

// findHollow finds lists of which only comments remain, by their first element.
func (u *unmasking) findHollow(n tree.Node) {
	switch n := n.(type) {
	case *tree.Map:
		for _, it := range n.Items {
			u.findHollow(it.Value)
		}
	case *tree.List:
		first, comments := tree.NoRef, true
		for _, it := range n.Items {
			u.findHollow(it)
			s, ok := it.(*tree.Scalar)
			switch {
			case ok && u.values[s.Ref].Comment:
				if first == tree.NoRef {
					first = s.Ref
				}
			case !tree.IsComment(it):
				comments = false
			}
		}
		if comments && first != tree.NoRef {
			u.hollow[first] = true
		}
	}
}

func (u *unmasking) scalar(l *leaf, v tree.Value) {
	if u.hinted(l, v) {
		return
	}
	s := u.document.slot(&l.place)
	if !l.block() {
		text, _ := s.write(v)
		u.edits = append(u.edits, format.Edit{Start: l.start, End: l.end, Text: text})
		return
	}
	if head, body, ok := s.refit(v); ok {
		u.block(l, head, body)
		return
	}
	// The header goes too; a comment after it stays.
	text, _ := s.write(v)
	u.edits = append(u.edits,
		format.Edit{Start: l.start, End: l.head, Text: text},
		format.Edit{Start: lineEnd(u.src, l.head), End: l.end})
}

// block replaces the header and the body of a block scalar.
func (u *unmasking) block(l *leaf, head, body string) {
	u.edits = append(u.edits,
		format.Edit{Start: l.start, End: l.head, Text: head},
		format.Edit{Start: l.body, End: l.end, Text: body})
}

// hinted writes the author's spelling, if there is one for this token and it
// fits the token's style.
func (u *unmasking) hinted(l *leaf, v tree.Value) bool {
	if len(u.layout.Scalars) == 0 {
		return false
	}
	h, ok := u.layout.Scalars[format.TokenHash(l.tokenOf())]
	if !ok {
		return false
	}
	before, body, isBody := strings.Cut(h, "\n")
	switch {
	case h == asPlain && v.Kind() == tree.String:
		u.edits = append(u.edits, format.Edit{Start: l.start, End: l.end, Text: v.Str()})
	case l.block() && isBody && isHeader(before):
		u.block(l, before, body)
	case l.block() && isBody && (before == "" || before[0] == '!' && !strings.ContainsAny(before, `"'`)):
		// An older hint: a tag of a core type at most, and no header.
		s := u.document.slot(&l.place)
		if before == "" {
			s.head = s.headFor(v.Str())
		}
		u.block(l, before+s.head, body)
	case !l.block() && !strings.HasPrefix(h, "\n"):
		u.edits = append(u.edits, format.Edit{Start: l.start, End: l.end, Text: h})
	default:
		return false
	}
	return true
}

// isHeader reports whether text ends in the header of a block scalar.
func isHeader(text string) bool {
	i := strings.LastIndexAny(text, "|>")
	return i >= 0 && strings.Trim(text[i+1:], "+-0123456789") == ""
}

// aliases puts back aliases that encryption had to write out.
func (u *unmasking) aliases() {
	if len(u.layout.Aliases) == 0 {
		return
	}
	for ref := range u.leaves {
		l := u.leafAt(ref)
		if l.via > 0 || !u.values[ref].Set {
			continue
		}
		h, ok := u.layout.Aliases[format.TokenHash(l.tokenOf())]
		if !ok {
			continue
		}
		digits, name, ok := strings.Cut(h, "*")
		depth, err := strconv.Atoi(digits)
		if !ok || err != nil {
			continue
		}
		s := span{l.start, l.end}
		if depth > 0 {
			if s, ok = u.enclosing(l.start, depth); !ok {
				continue
			}
		}
		u.restored = append(u.restored, s)
		u.edits = append(u.edits, format.Edit{Start: s.start, End: s.end, Text: "*" + name})
	}
}

// enclosing returns the flow collection that is depth levels above at.
func (u *unmasking) enclosing(at, depth int) (span, bool) {
	i, _ := slices.BinarySearchFunc(u.brackets, at, func(b span, at int) int { return cmp.Compare(b.start, at) })
	for i--; i >= 0; i-- {
		b := u.brackets[i]
		if b.start < at && b.end > at {
			if depth--; depth == 0 {
				return span{b.start, b.end + 1}, true
			}
		}
	}
	return span{}, false
}

// openEnd gives back the header of the block scalar before the metadata.
func (u *unmasking) openEnd() {
	header, ok := u.layout.Lines[endHint]
	meta := u.parts[len(u.parts)-1].meta
	if !ok || !meta.found {
		return
	}
	for ref := len(u.leaves) - 1; ref >= 0; ref-- {
		l := u.leafAt(ref)
		if l.comment || l.via > 0 || !l.block() || u.values[ref].Set || l.end > meta.start {
			continue
		}
		if strings.TrimSpace(string(u.src[l.end:meta.start])) == "" {
			u.edits = append(u.edits, format.Edit{Start: l.start, End: l.head, Text: header})
		}
		return
	}
}
