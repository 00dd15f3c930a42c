package jsontext

import (
	"slices"
	"strings"

	"github.com/seed-1f7fdfb8/sops/tree"
)

// Style returns how values among the members of n are laid out: on lines of
// their own if the first one is, else on one line. unit is one level of
// indentation for files that show none.
func (f *File) Style(n *Node, unit string) Style {
	root := f.rootStyle(unit)
	if n == &f.Root {
		return root
	}
	if len(n.Members) > 0 {
		lines, ok := f.firstMember(n)
		if !ok {
			return Style{}
		}
		lines.Unit = root.Unit
		return lines
	}
	if root.Break == "" || !f.endsLine(n) {
		return Style{}
	}
	return Style{Break: root.Break, Indent: f.lineIndent(n.Start) + root.Unit, Unit: root.Unit}
}

func (f *File) rootStyle(unit string) Style {
	outer := f.lineIndent(f.Root.Start)
	if len(f.Root.Members) == 0 {
		return Style{Break: f.lineBreak(), Indent: outer + unit, Unit: unit}
	}
	lines, ok := f.firstMember(&f.Root)
	if !ok {
		return Style{}
	}
	lines.Unit = strings.TrimPrefix(lines.Indent, outer)
	return lines
}

// firstMember returns line break and indentation of the first member of n if it
// is on a line of its own.
func (f *File) firstMember(n *Node) (Style, bool) {
	if len(n.Members) == 0 {
		return Style{}, false
	}
	gap := f.Text[n.Start+1 : n.Members[0].At]
	i := strings.LastIndexByte(gap, '\n')
	if i < 0 {
		return Style{}, false
	}
	s := Style{Break: "\n", Indent: gap[i+1:]}
	if i > 0 && gap[i-1] == '\r' {
		s.Break = "\r\n"
	}
	return s, true
}

// endsLine reports whether nothing but a comma follows n on its line.
func (f *File) endsLine(n *Node) bool {
	rest := strings.TrimLeft(f.Text[n.End:], ", \t\r")
	return rest != "" && rest[0] == '\n'
}

// lineIndent returns the blanks at the beginning of the line of an offset.
func (f *File) lineIndent(at int) string {
	line := f.Text[strings.LastIndexByte(f.Text[:at], '\n')+1 : at]
	line = strings.TrimPrefix(line, BOM)
	return line[:len(line)-len(strings.TrimLeft(line, " \t\r"))]
}

func (f *File) lineBreak() string {
	if i := strings.IndexByte(f.Text, '\n'); i > 0 && f.Text[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}

// Add returns the text that adds v at the end of container n, and the span that
// it replaces. The key matters in an Object only. style is that of n's members.
func (f *File) Add(n *Node, key string, v tree.Node, style Style) (start, end int, text string, err error) {
	var b []byte
	if len(n.Members) > 0 {
		last := n.Members[len(n.Members)-1].Node.End
		start, end = last, last
		b = append(b, f.separator(n, style)...)
	} else {
		start, end = n.Start+1, n.End-1
		b = style.newLine(b)
	}
	if n.Kind == Object {
		b, err = style.appendPair(b, key, v)
	} else {
		b, err = style.Append(b, v)
	}
	if err != nil {
		return 0, 0, "", err
	}
	if len(n.Members) == 0 && style.Break != "" {
		style.Indent = f.lineIndent(n.Start)
		b = style.newLine(b)
	}
	return start, end, string(b), nil
}

// separator returns what is between the last member of n and a new one: the
// gap of the members before if it is on one line, but a new key goes on a line
// of its own where the first key has one.
func (f *File) separator(n *Node, style Style) string {
	if k := len(n.Members); k > 1 && (n.Kind == Array || style.Break == "") {
		gap := f.Text[n.Members[k-2].Node.End:n.Members[k-1].At]
		if !strings.Contains(gap, "\n") {
			return gap
		}
	}
	return string(style.separate(nil, false))
}

// Cut returns the span of member i of n with one comma. Several members can be
// cut at once if first is the first that stays, and not all go.
func (n *Node) Cut(i, first int) (start, end int) {
	switch {
	case len(n.Members) == 1:
		return n.Inside()
	case i > first:
		return n.Members[i-1].Node.End, n.Members[i].Node.End
	}
	return n.Members[i].At, n.Members[i+1].At
}

// Inside returns the span between the brackets of n.
func (n *Node) Inside() (start, end int) { return n.Start + 1, n.End - 1 }

// Replace returns the text of n with the value v. Where parts of v are what n
// holds already, their text stays. style is that of the members among which n
// is.
func (f *File) Replace(n *Node, v tree.Node, style Style) (string, error) {
	b, err := f.replace(nil, n, v, style)
	return string(b), err
}

func (f *File) replace(dst []byte, n *Node, v tree.Node, style Style) ([]byte, error) {
	if n.equal(v) {
		return append(dst, f.Text[n.Start:n.End]...), nil
	}
	values, same := n.pairUp(v)
	if !same {
		return f.ownStyle(n, style).Append(dst, v)
	}
	inner := f.Style(n, style.Unit)
	inner.Raw = style.Raw
	at := n.Start
	for i := range n.Members {
		old := &n.Members[i].Node
		dst = append(dst, f.Text[at:old.Start]...)
		var err error
		if dst, err = f.replace(dst, old, values[i], inner); err != nil {
			return nil, err
		}
		at = old.End
	}
	return append(dst, f.Text[at:n.End]...), nil
}

// ownStyle returns style with the lines and the indentation that container n
// has. A scalar or an empty container shows none.
func (f *File) ownStyle(n *Node, style Style) Style {
	if len(n.Members) == 0 {
		return style
	}
	lines, _ := f.firstMember(n)
	style.Break, style.Indent = lines.Break, f.lineIndent(n.Start)
	style.Unit = strings.TrimPrefix(lines.Indent, style.Indent)
	return style
}

// pairUp returns the values of v that belong to the members of n, if v is a
// container of the same kind with the same keys.
func (n *Node) pairUp(v tree.Node) (values []tree.Node, ok bool) {
	switch v := v.(type) {
	case *tree.Map:
		for i, it := range v.Items {
			if i == len(n.Members) || n.Members[i].Key != it.Key || tree.IsComment(it.Value) {
				return nil, false
			}
			values = append(values, it.Value)
		}
		return values, n.Kind == Object && len(values) == len(n.Members)
	case *tree.List:
		return v.Items, n.Kind == Array && len(v.Items) == len(n.Members) && !slices.ContainsFunc(v.Items, tree.IsComment)
	}
	return nil, false
}

// equal reports whether n holds what v does.
func (n *Node) equal(v tree.Node) bool {
	if s, ok := v.(*tree.Scalar); ok {
		return n.Kind == Scalar && s.Value == n.Value
	}
	values, ok := n.pairUp(v)
	for i := 0; ok && i < len(values); i++ {
		ok = n.Members[i].Node.equal(values[i])
	}
	return ok
}
