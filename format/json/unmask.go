package json

import (
	"strings"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/internal/jsontext"
	"github.com/seed-1f7fdfb8/sops/tree"
)

func (d *document) Unmask(values []format.Plain, l *format.Layout) ([]byte, error) {
	if err := d.check(len(values)); err != nil {
		return nil, err
	}
	if l == nil {
		l = &format.Layout{}
	}
	edits := make([]format.Edit, 0, len(values)+2)
	if l.BOM && d.bom() == 0 {
		edits = append(edits, format.Edit{Text: jsontext.BOM})
	}
	comments := false
	sp := speller{layout: l, style: jsontext.Style{Raw: l.Lines[lineRaw] == rawYes}}
	for ref, v := range values {
		comments = comments || v.Comment
		if !v.Set || v.Comment {
			continue
		}
		n := d.leaves[ref]
		if len(l.Scalars) == 0 && n.Value.Kind() == tree.String && v.Value.Kind() == tree.String && sp.style.AsIs(v.Value.Str()) {
			edits = append(edits, format.Edit{Start: n.Start + 1, End: n.End - 1, Text: v.Value.Str()})
			continue
		}
		text, err := sp.spell(n.Value.Str(), v.Value)
		if err != nil {
			return nil, d.at(n, writeError(err))
		}
		edits = append(edits, format.Edit{Start: n.Start, End: n.End, Text: text})
	}
	if comments {
		edits = d.cutComments(edits, values)
	}
	if d.meta >= 0 {
		edits = append(edits, d.cutMeta(l))
	}
	text, err := format.Splice(d.src, edits)
	if err != nil {
		return nil, err
	}
	return d.endLine(text), nil
}

// A speller gives values back the spelling of a layout.
type speller struct {
	layout *format.Layout
	style  jsontext.Style
	buf    []byte
}

// spell returns the spelling that the layout has for a token, if that is one of
// this very value, else that of SOPS.
func (s *speller) spell(token string, v tree.Value) (string, error) {
	if len(s.layout.Scalars) > 0 && strings.Contains(token, ",type:") {
		hint := unarmor(s.layout.Scalars[format.TokenHash(token)])
		if is, ok := jsontext.ScanScalar(hint); ok && is == v {
			return hint, nil
		}
	}
	var err error
	s.buf, err = s.style.AppendValue(s.buf[:0], v)
	return string(s.buf), err
}

// at adds the line of a node to an error.
func (d *document) at(n *jsontext.Node, err error) error {
	if e, ok := err.(*format.Error); ok {
		e.Line, e.Column = jsontext.Position(d.file.Text, n.Start)
	}
	return err
}

// cutMeta removes the metadata. An object that held nothing else is written {},
// as SOPS writes it.
func (d *document) cutMeta(l *format.Layout) format.Edit {
	root := &d.file.Root
	start, end := root.Cut(d.meta, 0)
	e := format.Edit{Start: start, End: end}
	if len(root.Members) == 1 && strings.Trim(l.Lines[lineInside], " \t\r\n") == "" {
		e.Text = l.Lines[lineInside]
	}
	return e
}

// cutComments removes the list elements that were comments of another syntax:
// JSON has none.
func (d *document) cutComments(edits []format.Edit, values []format.Plain) []format.Edit {
	gone := map[*jsontext.Node]bool{}
	for ref, v := range values {
		if v.Set && v.Comment {
			gone[d.leaves[ref]] = true
		}
	}
	var walk func(n *jsontext.Node)
	walk = func(n *jsontext.Node) {
		if n.Kind == jsontext.Array {
			edits = cutMembers(edits, n, func(i int) bool { return gone[&n.Members[i].Node] })
		}
		for i := range n.Members {
			walk(&n.Members[i].Node)
		}
	}
	walk(&d.file.Root)
	return edits
}

// cutMembers removes members of n.
func cutMembers(edits []format.Edit, n *jsontext.Node, gone func(int) bool) []format.Edit {
	first := 0 // the first member that stays
	for first < len(n.Members) && gone(first) {
		first++
	}
	if first == len(n.Members) && first > 0 {
		start, end := n.Inside()
		return append(edits, format.Edit{Start: start, End: end})
	}
	for i := range n.Members {
		if gone(i) {
			start, end := n.Cut(i, first)
			edits = append(edits, format.Edit{Start: start, End: end})
		}
	}
	return edits
}
