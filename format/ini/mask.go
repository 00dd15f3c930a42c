package ini

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/internal/initext"
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
	m.layout.NoNewline = size > initext.BOM(d.src) && last != '\n'
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
			v := l.counts().Value
			out[v.Text] = v.Quote
		}
	}
	return out
}

func (m *masker) edit(s initext.Span, text string) {
	m.edits = append(m.edits, format.Edit{Start: s.Start, End: s.End, Text: text})
}

// maskKey puts the token on every line of a key.
func (m *masker) maskKey(l leaf, token string) {
	hash := tokenHash(token)
	for i, e := range l.lines {
		name := hash
		if i < len(l.lines)-1 {
			name += "/" + strconv.Itoa(i)
		}
		if e.Value.Text == "" && i < len(l.lines)-1 {
			continue
		}
		where, text, presented := e.Value.Inner, token, e.Value.Quote
		if stray := e.Value.Outer.End - e.Value.Inner.End; stray != len(e.Value.Quote) {
			// A token within the quotes would leave the stray text. They stay
			// only where a backslash ends the line, which means nothing after
			// quotes like these, and would join the next line without them.
			where = e.Value.Outer
			if strings.HasSuffix(e.Value.Tail.Of(m.d.src), `\`) {
				text = presented + token + presented
			} else {
				presented = ""
			}
		}
		if was, ok := m.was[token]; ok && len(l.lines) == 1 && was != presented && e.Value.Tail.Empty() {
			where, text, presented = e.Value.Outer, was+token+was, was
		}
		m.edit(where, text)
		original := e.Value.Outer.Of(m.d.src)
		if derived, ok := initext.Restore(l.counts().Value.Text, presented, ""); !ok || derived != original {
			m.layout.Scalars[name] = original
		}
	}
}

// cut removes src[start:end] and has hints remember it.
func (m *masker) cut(start, end int, hints map[string]string, name string) {
	s := initext.Span{Start: start, End: end}
	hints[name] = s.Of(m.d.src)
	m.edit(s, "")
}

// keep handles a key that stays unencrypted: the encrypted text must read as the
// plain text does, and hold no earlier value that a token might have covered.
func (m *masker) keep(l leaf, tokens []string) error {
	for i, e := range l.lines {
		shadowed := i < len(l.lines)-1
		switch {
		case shadowed && l.counts().Value.Text == "" && e.Value.Text != "":
			m.edit(e.Value.Outer, `""`)
			m.layout.Lines[e.ID()] = e.Value.Outer.Of(m.d.src)
		case e.Value.Strange || !e.Value.Tail.Empty() && strings.HasSuffix(e.Value.Text, `\`):
			// (A backslash would end the line if the comment after it went.)
			if err := m.requote(e, tokens); err != nil {
				return err
			}
		}
	}
	return nil
}

// requote writes a value in quotes that SOPS understands.
func (m *masker) requote(e *initext.Entry, tokens []string) error {
	v := e.Value
	m.layout.Lines[e.ID()] = v.Outer.Of(m.d.src)
	rest := m.d.src[v.Outer.End:max(v.Tail.End, v.Outer.End)]
	masked := e.Note != nil && tokens[e.Note.Ref] != ""
	if masked {
		rest = ""
	}
	text, ok := initext.Spell(v.Text, rest, initext.Spellings(v.Text)...)
	if !ok && rest != "" {
		// The comment holds quotes, which might close those of the value.
		m.cut(v.Tail.Start+1, v.Tail.End, m.layout.Lines, e.ID()+tailMark)
		text, ok = initext.Spell(v.Text, "", initext.Spellings(v.Text)...)
	}
	if !ok {
		return &format.Error{Line: e.Line, Content: true, Msg: fmt.Sprintf("the value of %q cannot be written so that sops reads it alike", e.Name)}
	}
	m.edit(v.Outer, text)
	return nil
}

// maskNote puts the token of a comment where the first of it is.
func (m *masker) maskNote(l leaf, token string) {
	n, src := l.note, m.d.src
	hash := tokenHash(token)
	if !n.Block.Empty() {
		block := n.Block.Of(src)
		prefix := min(n.Prefix, len(block)) // of a sign alone, blanks after it count
		m.edit(initext.Span{Start: n.Block.Start + prefix, End: n.Block.End}, token)
		// Where line breaks are mixed, the encrypted text may begin with another
		// one than the plain text, so that its reader would derive that.
		derived := block[:prefix] + initext.SpellNote(n.Text, m.d.between(n.Block.Start))
		if derived != block || m.mixed && strings.Contains(block, "\n") {
			m.layout.Comments[hash] = block
		}
		if !n.Tail.Empty() {
			m.layout.Comments[hash] = block
			m.cut(after(l), m.lineEnd(n), m.layout.Comments, hash+tailMark)
		}
		return
	}
	if len(l.lines) > 0 {
		m.edit(initext.Span{Start: n.Tail.Start + n.Prefix, End: n.Tail.End}, token)
		return
	}
	m.layout.Comments[hash] = ""
	m.cut(after(l), m.lineEnd(n), m.layout.Comments, hash+tailMark)
	start := l.sec.Header.Start
	m.edit(initext.Span{Start: start, End: start}, "; "+token+m.d.between(start))
}

// lineEnd returns where the line with the tail of n ends.
func (m *masker) lineEnd(n *initext.Note) int {
	rest, _, _ := strings.Cut(m.d.src[n.Tail.End:], "\n")
	return n.Tail.End + len(strings.TrimSuffix(rest, "\r"))
}

// keepNote handles a comment that stays unencrypted: lines of signs alone at its
// start, over which SOPS's writer falls, move into the layout.
func (m *masker) keepNote(l leaf) {
	n := l.note
	if n.Block.Empty() || n == l.sec.Trailing {
		return
	}
	id, owner := l.owner()
	start := n.Meaning(m.d.src)
	if start == n.Block.End {
		start = owner
	}
	if start > n.Block.Start {
		m.cut(n.Block.Start, start, m.layout.Lines, bannerMark+id)
	}
}

// after returns where the text after a comment's owner starts.
func after(l leaf) int {
	if len(l.lines) > 0 {
		return l.lines[0].Value.Outer.End
	}
	return l.sec.Header.End
}

// between returns what is between two lines of a comment that starts at
// at: a line break and the indentation of the first.
func (d *document) between(at int) string {
	start := strings.LastIndexByte(d.src[:at], '\n') + 1
	if start == 0 {
		start = initext.BOM(d.src)
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
	if size, last := format.Ending(d.src, edits); size > initext.BOM(d.src) {
		if last != '\n' {
			b.WriteString(eol)
		}
		b.WriteString(eol)
	}
	writeBlock(&b, lines, false, eol)
	at := len(d.src)
	return format.Splice(d.src, append(edits, format.Edit{Start: at, End: at, Text: b.String()}))
}
