package ini

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/internal/initext"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// A line is one key to be written, with its comment above it.
type line struct{ key, written, comment string }

// Render writes a tree in SOPS's layout: keys padded to the longest of
// their section, a blank line between sections, comments above. It checks that
// every key and value reads back.
func (Format) Render(trees []*tree.Map) ([]byte, error) {
	if len(trees) > 1 {
		return nil, content("an INI file holds one document, not %d", len(trees))
	}
	var b bytes.Buffer
	for _, root := range trees {
		if err := renderRoot(&b, root); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}

func content(msg string, args ...any) error {
	return &format.Error{Content: true, Msg: fmt.Sprintf(msg, args...)}
}

func renderRoot(b *bytes.Buffer, root *tree.Map) error {
	waiting := ""
	for i, it := range root.Items {
		switch n := it.Value.(type) {
		case *tree.Comment:
			waiting = join(waiting, n.Text)
		case *tree.Map:
			if b.Len() > 0 {
				b.WriteByte('\n')
			}
			if err := renderSection(b, it.Key, n, waiting, i == 0); err != nil {
				return err
			}
			waiting = ""
		default:
			return content("the key %q is outside of a section, where an INI file cannot hold it", it.Key)
		}
	}
	writeComment(b, waiting)
	return nil
}

func join(a, b string) string {
	if a == "" {
		return b
	}
	return a + "\n" + b
}

// renderSection writes one section. A first one named DEFAULT has no header,
// for a reader makes that up.
func renderSection(b *bytes.Buffer, name string, m *tree.Map, comment string, first bool) error {
	lines, own, err := renderLines(name, m)
	if err != nil {
		return err
	}
	writeComment(b, join(comment, own))
	if !first || name != initext.Implicit {
		if name == "" || strings.ContainsAny(name, "\n\r") {
			return content("an INI file cannot hold a section with the name %q", name)
		}
		b.WriteString("[" + name + "]\n")
	}
	writeLines(b, lines)
	return nil
}

// renderLines returns the keys of a section and the comment of the section.
// The comment of a key is what is after it in the tree.
func renderLines(section string, m *tree.Map) (lines []line, comment string, err error) {
	seen := make(map[string]bool, len(m.Items))
	for _, it := range m.Items {
		switch n := it.Value.(type) {
		case *tree.Comment:
			if len(lines) == 0 {
				comment = join(comment, n.Text)
				continue
			}
			last := &lines[len(lines)-1]
			last.comment = join(last.comment, n.Text)
		case *tree.Scalar:
			if seen[it.Key] {
				return nil, "", content("the key %q appears twice in section %q", it.Key, section)
			}
			seen[it.Key] = true
			l, err := renderLine(it.Key, n)
			if err != nil {
				return nil, "", err
			}
			lines = append(lines, l)
		default:
			return nil, "", content("the key %q in section %q is a map or a list, which an INI file cannot hold", it.Key, section)
		}
	}
	return lines, comment, nil
}

func renderLine(key string, s *tree.Scalar) (line, error) {
	text, err := scalarText(s.Value)
	if err != nil {
		return line{}, err
	}
	name, ok := initext.SpellKey(key)
	if !ok {
		return line{}, content("an INI file cannot hold the key %q", key)
	}
	written, ok := initext.Spell(text, "", initext.Spellings(text)...)
	if !ok {
		return line{}, content("an INI file cannot hold the value of %q", key)
	}
	return line{key: name, written: written}, nil
}

func writeLines(b *bytes.Buffer, lines []line) {
	width := 0
	for _, l := range lines {
		width = max(width, len(l.key))
	}
	for _, l := range lines {
		writeComment(b, l.comment)
		b.WriteString(l.key + strings.Repeat(" ", width-len(l.key)) + " = " + l.written + "\n")
	}
}

func writeComment(b *bytes.Buffer, text string) {
	if text == "" {
		return
	}
	for l := range strings.SplitSeq(text, "\n") {
		b.WriteString(initext.Signed(strings.TrimSpace(l)) + "\n")
	}
}

// RenderValue writes one node by itself: a string as it is, a section as its
// lines, anything else as JSON.
func (f Format) RenderValue(n tree.Node) ([]byte, error) {
	switch n := n.(type) {
	case *tree.Scalar:
		if n.Value.Kind() == tree.String {
			return []byte(n.Value.Str()), nil
		}
	case *tree.Map:
		var b bytes.Buffer
		lines, comment, err := renderLines("", n)
		if err == nil {
			writeComment(&b, comment)
			writeLines(&b, lines)
		}
		return b.Bytes(), err
	}
	return json.Marshal(plainJSON(n))
}

// plainJSON returns n as package encoding/json knows it, without comments.
// Sections hold single values only, so maps are rare here and their order is
// that of their keys.
func plainJSON(n tree.Node) any {
	switch n := n.(type) {
	case *tree.Map:
		m := map[string]any{}
		for _, it := range n.Items {
			if !tree.IsComment(it.Value) {
				m[it.Key] = plainJSON(it.Value)
			}
		}
		return m
	case *tree.List:
		list := []any{}
		for _, it := range n.Items {
			if !tree.IsComment(it) {
				list = append(list, plainJSON(it))
			}
		}
		return list
	case *tree.Scalar:
		return plainScalar(n.Value)
	}
	return nil
}

func plainScalar(v tree.Value) any {
	switch v.Kind() {
	case tree.Int:
		return v.Int()
	case tree.Float:
		return v.Float()
	case tree.Bool:
		return v.Bool()
	case tree.Null:
		return nil
	case tree.String, tree.Time:
	}
	return v.Canonical()
}
