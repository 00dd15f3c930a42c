package yaml

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-1f7fdfb8/sops/doc"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// Hints about documents, in Layout.Lines.
func emptyHint(part int) string { return "empty:" + strconv.Itoa(part) }
func commaHint(part int) string { return "comma:" + strconv.Itoa(part) }

// endHint is for the header of a block scalar in clear in which the text ends
// without a line break.
const endHint = "end"

// asPlain is the hint that a quoted token in a flow collection was plain: by
// far the most frequent one.
const asPlain = "p"

// A masking collects what a Mask does.
type masking struct {
	*document
	tokens []string
	edits  []doc.Edit
	layout doc.Layout
}

// Mask replaces leaves by tokens.
func (d *document) Mask(tokens []string) (doc.Masked, error) {
	if d.broken != nil {
		return doc.Masked{}, d.broken
	}
	m := &masking{document: d, tokens: tokens, edits: make([]doc.Edit, 0, len(tokens)+2)}
	if err := m.all(); err != nil {
		return doc.Masked{}, err
	}
	m.frame()
	out := doc.Masked{Insert: func(meta *tree.Map) ([]byte, error) {
		edits, err := d.insertMeta(meta)
		if err != nil {
			return nil, err
		}
		return doc.Splice(d.src, append(m.edits, edits...))
	}}
	if !m.layout.Empty() {
		out.Layout = &m.layout
	}
	return out, nil
}

func (m *masking) all() error {
	expanded := m.touched()
	for ref := range m.leaves {
		l := &m.leaves[ref]
		token := m.tokens[ref]
		if token == "" || l.via > 0 {
			continue
		}
		if l.comment {
			m.comment(l, token)
			continue
		}
		if err := m.scalar(l, token); err != nil {
			return err
		}
	}
	for i := range expanded {
		if expanded[i] {
			if err := m.expand(&m.sites[i]); err != nil {
				return err
			}
		}
	}
	for i := range m.parts {
		if m.parts[i].null {
			return &doc.Error{Msg: "a document is the word for null"}
		}
	}
	for _, k := range m.keys {
		if m.tokens[k.origin] != "" {
			return &doc.Error{
				Line: k.line, Final: true,
				Msg:  "an alias is a key here, and what it stands for is secret: keys are never encrypted, so it would stand in clear",
				Hint: "write the key out, or leave the value with the anchor in clear by a selection rule",
			}
		}
	}
	return nil
}

// touched finds the aliases that cannot stay: those that lead to a token of
// their own, or to a value that is one now.
func (m *masking) touched() []bool {
	out := make([]bool, len(m.sites))
	for ref := range m.leaves {
		l := &m.leaves[ref]
		if l.via > 0 && (m.tokens[ref] != "" || l.origin != ref && m.tokens[l.origin] != "") {
			out[l.via-1] = true
		}
	}
	for i, s := range m.sites {
		// What it stands for is above it, and so are the aliases in that.
		out[i] = out[i] || slices.ContainsFunc(s.uses, func(inner int) bool { return out[inner] })
	}
	return out
}

func (m *masking) comment(l *leaf, token string) {
	text := string(m.src[l.start:l.end])
	if l.value.Str() != text {
		m.hint(&m.layout.Comments, token, text)
	}
	m.edits = append(m.edits, doc.Edit{Start: l.start, End: l.end, Text: token})
}

func (m *masking) hint(to *map[string]string, token, text string) {
	if *to == nil {
		*to = map[string]string{}
	}
	(*to)[doc.TokenHash(token)] = text
}

func (m *masking) scalar(l *leaf, token string) error {
	if l.end == l.start {
		return fmt.Errorf("line %d: %w", l.line, errPlace)
	}
	if l.prop < l.start && !isBlank(m.src[l.start-1]) && !endsInBreak(m.src[:l.start]) {
		return &doc.Error{Line: l.line, Msg: "an anchor or a tag touches its value"}
	}
	if l.block() {
		return m.blockScalar(l, token)
	}
	start := l.start
	if l.tag >= 0 {
		start = l.tag
	}
	text := token
	after := m.document.seat(&l.place)
	switch {
	case l.style == single:
		text = "'" + token + "'"
	case l.style == double, l.flow:
		text, after.style = `"`+token+`"`, double
	}
	source := string(m.src[start:l.end])
	derived, _ := after.write(l.value)
	switch {
	case derived == source:
	case l.flow && l.style == plain && l.tag < 0 && source == l.value.Str():
		m.hint(&m.layout.Scalars, token, asPlain)
	default:
		m.hint(&m.layout.Scalars, token, source)
	}
	m.edits = append(m.edits, doc.Edit{Start: start, End: l.end, Text: text})
	return nil
}

// blockScalar puts the token into the body: header and indentation stay. A
// core tag goes; it travels in the hint, before a line break and the body.
func (m *masking) blockScalar(l *leaf, token string) error {
	s := m.document.seat(&l.place)
	body := string(m.src[l.body:l.end])
	if strings.Trim(body, " \t\r\n") == "" {
		return m.blankBlock(l, token)
	}
	if l.tag >= 0 && strings.ContainsAny(string(m.src[l.tag:l.start]), "\r\n#") {
		return &doc.Error{Line: l.line, Msg: "the tag of a block stands on another line"}
	}
	derived, whole := s.write(l.value)
	hint := "\n" + body
	if l.tag >= 0 {
		hint = string(m.src[l.tag:l.start]) + "\n" + body
		m.edits = append(m.edits, doc.Edit{Start: l.tag, End: l.start})
	}
	if whole || derived != body || l.tag >= 0 {
		m.hint(&m.layout.Scalars, token, hint)
	}
	indent := s.indent
	if depth := contentDepth([]byte(body), l.value.Str()); depth >= 0 && l.tag < 0 {
		indent = strings.Repeat(" ", depth)
	}
	m.edits = append(m.edits, doc.Edit{Start: l.body, End: l.end, Text: indent + token})
	return nil
}

// blankBlock replaces a block of nothing but blank lines, which has no
// indentation to go by.
func (m *masking) blankBlock(l *leaf, token string) error {
	if lineEnd(m.src, l.head) != l.head || l.tag >= 0 {
		return &doc.Error{Line: l.line, Msg: "a block of blank lines has a comment or a tag"}
	}
	m.hint(&m.layout.Scalars, token, string(m.src[l.start:l.end]))
	m.edits = append(m.edits, doc.Edit{Start: l.start, End: l.end, Text: `"` + token + `"`})
	return nil
}

// expand writes what an alias stands for in its place, on one line if it has no
// comments.
func (m *masking) expand(s *site) error {
	first, depth := "", 0
	w := flowWriter{pad: m.newline + strings.Repeat(" ", max(s.column, 0)+2)}
	use := func(ref int) string {
		token := m.tokens[ref]
		if token != "" && first == "" {
			first, depth = token, w.depth
		}
		return token
	}
	w.scalar = func(n *tree.Scalar) string {
		if token := use(n.Ref); token != "" {
			return `"` + token + `"`
		}
		return flowScalar(n.Value)
	}
	w.comment = func(c *tree.Comment) string {
		if token := use(c.Ref); token != "" {
			return token
		}
		return c.Text
	}
	w.node(s.value)
	if first == "" {
		return &doc.Error{Line: s.line, Msg: "an alias in clear stands for an encrypted value"}
	}
	if m.layout.Aliases == nil {
		m.layout.Aliases = map[string]string{}
	}
	name := string(m.src[s.start:s.end])
	m.layout.Aliases[doc.TokenHash(first)] = strconv.Itoa(depth) + name
	m.edits = append(m.edits, doc.Edit{Start: s.start, End: s.end, Text: w.String()})
	return nil
}

// frame records what is lost at the edges of the text and of its documents.
func (m *masking) frame() {
	m.layout.BOM = m.bom
	say := func(key, text string) {
		if m.layout.Lines == nil {
			m.layout.Lines = map[string]string{}
		}
		m.layout.Lines[key] = text
	}
	m.openEnd(say)
	for i := range m.parts {
		p := &m.parts[i]
		switch {
		case p.flow && p.comma && p.pairs > 0:
			say(commaHint(i), "1")
		case !p.flow && p.pairs == 0:
			say(emptyHint(i), "1")
		}
		if !p.flow && p.end == len(m.src) && p.end > 0 && !endsInBreak(m.src) {
			m.layout.NoNewline = true
		}
	}
}

// openEnd keeps the value of a block scalar in clear that ends the text without
// a line break: with the metadata below it, it would gain one.
func (m *masking) openEnd(say func(key, text string)) {
	if endsInBreak(m.src) {
		return
	}
	for ref := range m.leaves {
		l := &m.leaves[ref]
		if l.comment || l.via > 0 || !l.block() || l.end != len(m.src) || m.tokens[ref] != "" {
			continue
		}
		header := string(m.src[l.start:l.head])
		say(endHint, header)
		m.edits = append(m.edits, doc.Edit{Start: l.start, End: l.head, Text: strings.Trim(header, "+-") + "-"})
		return
	}
}
