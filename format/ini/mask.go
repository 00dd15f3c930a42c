package ini

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// Keys of a Layout. Scalars has the spelling of a value under the hash of its
// token, those of its earlier lines with "/0", "/1" after it. Comments has the
// lines above, "" for none, under the hash, and what was after the value or
// header under the hash and tailMark. Lines has the spelling of a value without
// a token under the id of its line, the text of a hidden tail with tailMark
// after the id, and what is missing from the start of a comment with
// bannerMark before it; under lastMark a carriage return at the end of the file
// that is no line break.
const (
	tailMark   = "+"
	bannerMark = ";"
	lastMark   = ""
)

// A masker collects the edits of Mask and the hints that undo them.
type masker struct {
	d      *document
	mixed  bool              // the file has line breaks of both kinds
	was    map[string]string // the quotes that tokens had before
	edits  []format.Edit
	layout format.Layout
}

// Mask puts tokens in the place of values and comments.
func (d *document) Mask(tokens []string) (format.Masked, error) {
	return d.MaskAs(tokens, format.Guide{})
}

// MaskAs does so with the quotes that the tokens had before.
func (d *document) MaskAs(tokens []string, g format.Guide) (format.Masked, error) {
	if len(tokens) != len(d.leaves) {
		return format.Masked{}, fmt.Errorf("ini: %d tokens for %d leaves", len(tokens), len(d.leaves))
	}
	m := &masker{d: d, mixed: d.mixedBreaks(), edits: make([]format.Edit, 0, len(tokens)+1)}
	if like, ok := g.Like.(*document); ok {
		m.was = like.quotes()
	}
	m.layout = format.Layout{Scalars: map[string]string{}, Comments: map[string]string{}, Lines: map[string]string{}}
	for ref, l := range d.leaves {
		switch {
		case l.note != nil && tokens[ref] != "":
			m.maskNote(l, tokens[ref])
		case l.note != nil:
			m.keepNote(l)
		case tokens[ref] != "":
			m.maskKey(l, tokens[ref])
		default:
			if err := m.keep(l, tokens); err != nil {
				return format.Masked{}, err
			}
		}
	}
	size, last := format.Ending(d.src, m.edits)
	m.layout.NoNewline = size > bom(d.src) && last != '\n'
	if m.layout.NoNewline && last == '\r' && d.eol() == "\n" {
		m.layout.Lines[lastMark] = "\r"
	}
	masked := format.Masked{Insert: func(meta *tree.Map) ([]byte, error) { return d.withMeta(m.edits, meta) }}
	if !m.layout.Empty() {
		masked.Layout = &m.layout
	}
	return masked, nil
}

// quotes returns what is around the values of single lines.
func (d *document) quotes() map[string]string {
	out := make(map[string]string, len(d.leaves))
	for _, l := range d.leaves {
		if l.note == nil && len(l.lines) == 1 {
			v := l.counts().val
			out[v.text] = v.quote
		}
	}
	return out
}

func (m *masker) edit(s span, text string) {
	m.edits = append(m.edits, format.Edit{Start: s.start, End: s.end, Text: text})
}

// maskKey puts the token on every line of a key.
func (m *masker) maskKey(l leaf, token string) {
	hash := tokenHash(token)
	for i, e := range l.lines {
		name := hash
		if i < len(l.lines)-1 {
			name += "/" + strconv.Itoa(i)
		}
		if e.val.text == "" && i < len(l.lines)-1 {
			continue
		}
		where, text, presented := e.val.inner, token, e.val.quote
		if stray := e.val.outer.end - e.val.inner.end; stray != len(e.val.quote) {
			// A token within the quotes would leave the stray text. They stay
			// only where a backslash ends the line, which means nothing after
			// quotes like these, and would join the next line without them.
			where = e.val.outer
			if strings.HasSuffix(e.val.tail.of(m.d.src), `\`) {
				text = presented + token + presented
			} else {
				presented = ""
			}
		}
		if was, ok := m.was[token]; ok && len(l.lines) == 1 && was != presented && e.val.tail.empty() {
			where, text, presented = e.val.outer, was+token+was, was
		}
		m.edit(where, text)
		original := e.val.outer.of(m.d.src)
		if derived, ok := restore(l.counts().val.text, presented, ""); !ok || derived != original {
			m.layout.Scalars[name] = original
		}
	}
}

// cut removes src[start:end] and has hints remember it.
func (m *masker) cut(start, end int, hints map[string]string, name string) {
	s := span{start, end}
	hints[name] = s.of(m.d.src)
	m.edit(s, "")
}

// keep handles a key that stays unencrypted: the encrypted text must read as the
// plain text does, and hold no earlier value that a token might have covered.
func (m *masker) keep(l leaf, tokens []string) error {
	for i, e := range l.lines {
		shadowed := i < len(l.lines)-1
		switch {
		case shadowed && l.counts().val.text == "" && e.val.text != "":
			m.edit(e.val.outer, `""`)
			m.layout.Lines[e.id()] = e.val.outer.of(m.d.src)
		case e.val.strange || !e.val.tail.empty() && strings.HasSuffix(e.val.text, `\`):
			// (A backslash would end the line if the comment after it went.)
			if err := m.requote(e, tokens); err != nil {
				return err
			}
		}
	}
	return nil
}

// requote writes a value in quotes that SOPS understands.
func (m *masker) requote(e *entry, tokens []string) error {
	v := e.val
	m.layout.Lines[e.id()] = v.outer.of(m.d.src)
	rest := m.d.src[v.outer.end:max(v.tail.end, v.outer.end)]
	masked := e.note != nil && tokens[e.note.ref] != ""
	if masked {
		rest = ""
	}
	text, ok := spell(v.text, rest, spellings(v.text)...)
	if !ok && rest != "" {
		// The comment holds quotes, which might close those of the value.
		m.cut(v.tail.start+1, v.tail.end, m.layout.Lines, e.id()+tailMark)
		text, ok = spell(v.text, "", spellings(v.text)...)
	}
	if !ok {
		return &format.Error{Line: e.line, Content: true, Msg: fmt.Sprintf("the value of %q cannot be written so that sops reads it alike", e.name)}
	}
	m.edit(v.outer, text)
	return nil
}

// maskNote puts the token of a comment where the first of it is.
func (m *masker) maskNote(l leaf, token string) {
	n, src := l.note, m.d.src
	hash := tokenHash(token)
	if !n.block.empty() {
		block := n.block.of(src)
		prefix := min(n.prefix, len(block)) // of a sign alone, blanks after it count
		m.edit(span{n.block.start + prefix, n.block.end}, token)
		// Where line breaks are mixed, the encrypted text may begin with another
		// one than the plain text, so that its reader would derive that.
		derived := block[:prefix] + spellNote(n.text, m.d.between(n.block.start))
		if derived != block || m.mixed && strings.Contains(block, "\n") {
			m.layout.Comments[hash] = block
		}
		if !n.tail.empty() {
			m.layout.Comments[hash] = block
			m.cut(after(l), m.lineEnd(n), m.layout.Comments, hash+tailMark)
		}
		return
	}
	if len(l.lines) > 0 {
		m.edit(span{n.tail.start + n.prefix, n.tail.end}, token)
		return
	}
	m.layout.Comments[hash] = ""
	m.cut(after(l), m.lineEnd(n), m.layout.Comments, hash+tailMark)
	start := l.sec.header.start
	m.edit(span{start, start}, "; "+token+m.d.between(start))
}

// lineEnd returns where the line with the tail of n ends.
func (m *masker) lineEnd(n *note) int {
	rest, _, _ := strings.Cut(m.d.src[n.tail.end:], "\n")
	return n.tail.end + len(strings.TrimSuffix(rest, "\r"))
}

// keepNote handles a comment that stays unencrypted: lines of signs alone at its
// start, over which SOPS's writer falls, move into the layout.
func (m *masker) keepNote(l leaf) {
	n := l.note
	if n.block.empty() || n == l.sec.trailing {
		return
	}
	id, owner := l.owner()
	start := n.meaning(m.d.src)
	if start == n.block.end {
		start = owner
	}
	if start > n.block.start {
		m.cut(n.block.start, start, m.layout.Lines, bannerMark+id)
	}
}

// after returns where the text after a comment's owner starts.
func after(l leaf) int {
	if len(l.lines) > 0 {
		return l.lines[0].val.outer.end
	}
	return l.sec.header.end
}

// between returns what is between two lines of a comment that starts at
// at: a line break and the indentation of the first.
func (d *document) between(at int) string {
	start := strings.LastIndexByte(d.src[:at], '\n') + 1
	if start == 0 {
		start = bom(d.src)
	}
	return d.eol() + d.src[start:at]
}

// appendMeta makes edits and appends the metadata.
func (d *document) appendMeta(edits []format.Edit, meta *tree.Map) ([]byte, error) {
	lines, err := metaLines(meta)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	eol := d.eol()
	if size, last := format.Ending(d.src, edits); size > bom(d.src) {
		if last != '\n' {
			b.WriteString(eol)
		}
		b.WriteString(eol)
	}
	writeBlock(&b, lines, false, eol)
	at := len(d.src)
	return format.Splice(d.src, append(edits, format.Edit{Start: at, End: at, Text: b.String()}))
}
