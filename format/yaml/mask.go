package yaml

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// Hints about documents, in Layout.Lines.
func emptyHint(part int) string { return "empty:" + strconv.Itoa(part) }
func commaHint(part int) string { return "comma:" + strconv.Itoa(part) }

// endHint is for the header of an unencrypted block scalar in which the text ends
// without a line break.
const endHint = "end"

// asPlain is the hint that a quoted token in a flow collection was plain: by
// far the most frequent one.
const asPlain = "p"

// A masking collects what a Mask does.
type masking struct {
	*document
	tokens   []string
	was      map[string]style // how the tokens of values was before
	elements map[string]bool  // whether they were elements of a list
	edits    []format.Edit
	layout   format.Layout
}

// Mask replaces leaves by tokens.
func (d *document) Mask(tokens []string) (format.Masked, error) {
	return d.MaskAs(tokens, format.Guide{})
}

// MaskAs replaces leaves by tokens, which keep the style that they had before.
func (d *document) MaskAs(tokens []string, g format.Guide) (format.Masked, error) {
	m := &masking{document: d, tokens: tokens, edits: make([]format.Edit, 0, len(tokens)+2)}
	if like, ok := g.Like.(*document); ok {
		m.like(like)
	}
	if err := m.all(g.Blank); err != nil {
		return format.Masked{}, err
	}
	m.frame()
	out := format.Masked{Insert: func(meta *tree.Map) ([]byte, error) {
		edits, err := m.putMeta(meta)
		if err != nil {
			return nil, err
		}
		return format.Splice(d.src, append(m.edits, edits...))
	}}
	if !m.layout.Empty() {
		out.Layout = &m.layout
	}
	return out, nil
}

func (m *masking) all(blank []bool) error {
	expanded := m.touched()
	for ref, token := range m.tokens {
		if token == "" && (blank == nil || !blank[ref]) {
			continue
		}
		if err := m.leaf(ref, token); err != nil {
			return err
		}
	}
	m.collectionTags()
	for i := range expanded {
		if expanded[i] {
			if err := m.expand(&m.sites[i]); err != nil {
				return err
			}
		}
	}
	for i := range m.parts {
		if m.parts[i].null {
			return &format.Error{Msg: "a document is the word for null"}
		}
	}
	for _, k := range m.keys {
		if m.tokens[k.origin] != "" {
			return &format.Error{
				Line: k.line, Final: true,
				Msg:  "an alias is a key here, and what it refers to is secret: keys are never encrypted, so it would stay readable",
				Hint: "write the key out, or choose a selection rule that leaves the value with the anchor unencrypted",
			}
		}
	}
	return nil
}

// referred reports whether an alias has this name.
func (m *masking) referred(name string) bool {
	return slices.ContainsFunc(m.sites, func(s site) bool { return string(m.src[s.start+1:s.end]) == name })
}

// leaf masks a leaf; one without a token is a blank secret.
func (m *masking) leaf(ref int, token string) error {
	l := m.leafAt(ref)
	switch {
	case l.via > 0:
		return nil
	case token == "":
		return m.blank(&l)
	case l.comment:
		return m.comment(&l, token)
	}
	return m.scalar(&l, token)
}

// blank refuses a secret without a value that has a tag or an anchor: a
// password that begins with ! or & and was typed without quotes. What has a name
// elsewhere is an anchor.
func (m *masking) blank(l *leaf) error {
	for _, p := range bytes.Fields(m.src[l.prop:l.start]) {
		if p[0] == '!' && !isCoreTag(string(p)) || p[0] == '&' && !m.referred(string(p[1:])) {
			return &format.Error{Line: l.line, Msg: "the value is nothing but a tag or an anchor, since it begins with ! or & and has no quotes; other programs find it empty"}
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
		if l.via > 0 && (m.tokens[ref] != "" || int(l.origin) != ref && m.tokens[l.origin] != "") {
			out[l.via-1] = true
		}
	}
	for i, s := range m.sites {
		// What it refers to is above it, and so are the aliases in that.
		out[i] = out[i] || slices.ContainsFunc(s.uses, func(inner int) bool { return out[inner] })
	}
	return out
}

func (m *masking) comment(l *leaf, token string) error {
	if i := l.start - 1; i > 0 && !isBlank(m.src[i-1]) && !endsInBreak(m.src[:i]) && !m.encrypted {
		return &format.Error{Line: l.line, Msg: "a comment touches what is before it, which other readers refuse"}
	}
	text := format.Text(m.src[l.start:l.end])
	if l.value.Str() != text {
		m.hint(&m.layout.Comments, token, text)
	}
	if m.elements[token] && m.amongElements(l.start-1) {
		// Other programs make an element of a comment in a list.
		m.edits = append(m.edits, format.Edit{Start: l.start - 1, End: l.end, Text: "- " + token})
		return nil
	}
	m.edits = append(m.edits, format.Edit{Start: l.start, End: l.end, Text: token})
	return nil
}

func (m *masking) hint(to *map[string]string, token, text string) {
	if *to == nil {
		*to = map[string]string{}
	}
	(*to)[format.TokenHash(token)] = text
}

func (m *masking) scalar(l *leaf, token string) error {
	if l.end == l.start {
		return fmt.Errorf("line %d: %w", l.line, errPlace)
	}
	if l.prop < l.start && hasComment(m.src[l.prop:l.start]) {
		return &format.Error{Line: l.line, Msg: "a comment follows a tag or an anchor, before the value"}
	}
	switch {
	case m.encrypted:
		m.renew(l, token)
		return nil
	case l.block() && !m.standsOnOneLine(l, token):
		return m.blockScalar(l, token)
	}
	after := m.document.slot(&l.place)
	after.style = m.styleOf(l, token)
	source := format.Text(m.src[l.prop:l.end])
	derived, _ := after.write(l.value)
	switch {
	case derived == source:
	case l.flow && l.style == plain && source == l.value.Str():
		m.hint(&m.layout.Scalars, token, asPlain)
	default:
		m.hint(&m.layout.Scalars, token, source)
	}
	m.put(l.prop, &l.place, after.style, token)
	return nil
}

// put writes a token over the text from a place to the end of a scalar.
func (m *masking) put(from int, p *place, s style, token string) {
	e := format.Edit{Start: from, End: p.end, Text: token}
	switch {
	case from == p.start && s == p.style && (s == single || s == double):
		e.Start, e.End = from+1, p.end-1 // between the quotes
	case s == single:
		e.Text = "'" + token + "'"
	case s == double:
		e.Text = `"` + token + `"`
	}
	m.edits = append(m.edits, e)
}

// renew replaces one token by another, which has the same hints. A clipped block
// of an older file loses its line break, which comes back from the value.
func (m *masking) renew(l *leaf, token string) {
	s := l.style
	if s == plain && l.flow {
		s = double
	}
	if !l.block() {
		m.put(l.start, &l.place, s, token)
		return
	}
	if head := format.Text(m.src[l.start:l.head]); !strings.ContainsAny(head, "+-") {
		m.edits = append(m.edits, format.Edit{Start: l.head, End: l.head, Text: "-"})
	}
	m.edits = append(m.edits, format.Edit{Start: l.body, End: l.end, Text: m.document.slot(&l.place).indent + token})
}

// hasComment reports whether a comment is among properties, which hold no
// blanks.
func hasComment(properties []byte) bool {
	return bytes.Contains(properties, []byte(" #")) || bytes.Contains(properties, []byte("\t#")) ||
		bytes.Contains(properties, []byte("\n#"))
}

// blockScalar puts the token into the body: the indentation stays. The header
// says that no line break follows the text, since other readers want a token
// and nothing else; tag and anchor go. Both come back from the value, or from a
// hint, which is what is before the body, a line break, and the body.
func (m *masking) blockScalar(l *leaf, token string) error {
	s := m.document.slot(&l.place)
	body := format.Text(m.src[l.body:l.end])
	if strings.Trim(body, " \t\r\n") == "" {
		return m.blankBlock(l, token)
	}
	properties, head := format.Text(m.src[l.prop:l.start]), s.head
	if strings.ContainsAny(properties, "\r\n") {
		return &format.Error{Line: l.line, Msg: "the tag or anchor of a block is on another line"}
	}
	s.head = chomping(head, "-")
	if h, b, ok := s.refit(l.value); !ok || h != head || b != body || properties != "" {
		m.hint(&m.layout.Scalars, token, properties+head+"\n"+body)
	}
	indent := s.indent
	if depth := contentDepth(m.src[l.body:l.end], l.value.Str()); depth >= 0 && l.tag < 0 {
		indent = strings.Repeat(" ", depth)
	}
	m.edits = append(m.edits,
		format.Edit{Start: l.prop, End: l.head, Text: s.head},
		format.Edit{Start: l.body, End: l.end, Text: indent + token})
	return nil
}

// blankBlock replaces a block of nothing but blank lines, which has no
// indentation to go by.
func (m *masking) blankBlock(l *leaf, token string) error {
	if m.commentFollows(l.head) {
		return &format.Error{Line: l.line, Msg: "a block of blank lines has a comment"}
	}
	m.hint(&m.layout.Scalars, token, string(m.src[l.prop:l.end]))
	m.edits = append(m.edits, format.Edit{Start: l.prop, End: l.end, Text: `"` + token + `"`})
	return nil
}

// expand writes what an alias refers to in its place, on one line if it has no
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
		return flowScalar(n)
	}
	w.comment = func(c *tree.Comment) string {
		if token := use(c.Ref); token != "" {
			return token
		}
		return c.Text
	}
	w.node(s.value)
	if first == "" {
		return &format.Error{Line: s.line, Msg: "an unencrypted alias refers to an encrypted value"}
	}
	if m.layout.Aliases == nil {
		m.layout.Aliases = map[string]string{}
	}
	name := string(m.src[s.start:s.end])
	m.layout.Aliases[format.TokenHash(first)] = strconv.Itoa(depth) + name
	m.edits = append(m.edits, format.Edit{Start: s.start, End: s.end, Text: w.String()})
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

// openEnd keeps the value of an unencrypted block scalar that ends the text without
// a line break: with the metadata below it, it would gain one.
func (m *masking) openEnd(say func(key, text string)) {
	if endsInBreak(m.src) {
		return
	}
	for ref := range m.leaves {
		if m.tokens[ref] != "" {
			continue
		}
		l := m.leafAt(ref)
		if l.comment || l.via > 0 || !l.block() || l.end != len(m.src) {
			continue
		}
		header := string(m.src[l.start:l.head])
		say(endHint, header)
		m.edits = append(m.edits, format.Edit{Start: l.start, End: l.head, Text: strings.Trim(header, "+-") + "-"})
		return
	}
}
