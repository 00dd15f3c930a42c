package ini

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/internal/initext"
)

// An unmasker collects the edits of Unmask.
type unmasker struct {
	d      *document
	layout *format.Layout
	edits  []format.Edit
	tails  map[*initext.Entry]string // what will follow a value, where it changes
}

// Unmask puts values in the place of tokens and cuts the metadata.
func (d *document) Unmask(values []format.Plain, l *format.Layout) ([]byte, error) {
	if len(values) != len(d.leaves) {
		return nil, fmt.Errorf("ini: %d values for %d leaves", len(values), len(d.leaves))
	}
	if l == nil {
		l = &format.Layout{}
	}
	u := &unmasker{d: d, layout: l, edits: make([]format.Edit, 0, len(values)+1), tails: map[*initext.Entry]string{}}
	for ref, leaf := range d.leaves {
		switch {
		case leaf.note != nil && values[ref].Set:
			u.note(leaf, values[ref].Value.Canonical())
		case leaf.note != nil:
			u.banner(leaf)
		}
	}
	for ref, leaf := range d.leaves {
		if leaf.note == nil {
			if err := u.key(leaf, values[ref]); err != nil {
				return nil, err
			}
		}
	}
	if d.block != nil {
		u.edit(d.metaSpan(), "")
	}
	text, err := format.Splice(d.src, u.edits)
	if err == nil && l.NoNewline {
		text = bytes.TrimSuffix(text, []byte("\n"))
		text = append(bytes.TrimSuffix(text, []byte("\r")), l.Lines[lastMark]...)
	}
	return text, err
}

func (u *unmasker) edit(s initext.Span, text string) {
	u.edits = append(u.edits, format.Edit{Start: s.Start, End: s.End, Text: text})
}

// key writes the value on every line that holds the token of the key, and
// gives the other lines their spelling back.
func (u *unmasker) key(l leaf, value format.Plain) error {
	token := l.counts().Value.Text
	hash := tokenHash(token)
	text, err := scalarText(value.Value)
	if err != nil {
		return err
	}
	for i, e := range l.lines {
		shadowed := i < len(l.lines)-1
		if !value.Set || e.Value.Text != token {
			u.clearLine(e, shadowed)
			continue
		}
		u.tail(e)
		name := hash
		if shadowed {
			name += "/" + strconv.Itoa(i)
		}
		written, ok := u.layout.Scalars[name]
		if !ok || !u.fits(e, written, text, shadowed) {
			if written, ok = initext.Restore(text, e.Value.Quote, u.rest(e)); !ok {
				return &format.Error{Line: e.Line, Content: true, Msg: fmt.Sprintf("an INI file cannot hold the value of %q", e.Name)}
			}
		}
		u.edit(e.Value.Outer, written)
	}
	return nil
}

// fits reports whether the spelling in a layout reads as text on the line of e,
// or, where the text is not known, as anything.
func (u *unmasker) fits(e *initext.Entry, written, text string, unknown bool) bool {
	if written == initext.Triple && u.layout.NoNewline {
		return text == initext.Triple // which reads so on the last line only
	}
	if unknown {
		_, ok := initext.ReadAlone(written+u.rest(e), false)
		return ok
	}
	return initext.ReadsAs(written, u.rest(e), text, false)
}

// rest returns the text that will follow the value of e.
func (u *unmasker) rest(e *initext.Entry) string {
	if tail, ok := u.tails[e]; ok {
		return tail
	}
	return u.d.src[e.Value.Outer.End:max(e.Value.Outer.End, e.Value.Tail.End)]
}

// clearLine gives a line without a token its spelling back.
func (u *unmasker) clearLine(e *initext.Entry, shadowed bool) {
	u.tail(e)
	written := e.Value.Outer.Of(u.d.src)
	if hint, ok := u.layout.Lines[e.ID()]; ok {
		if u.fits(e, hint, e.Value.Text, shadowed && e.Value.Text == "") {
			u.edit(e.Value.Outer, hint)
			return
		}
	}
	_, changed := u.tails[e]
	rest := u.rest(e)
	if shadowed || !changed && !e.Value.Strange || initext.ReadsAs(written, rest, e.Value.Text, false) {
		return
	}
	// The plain text would not read as the encrypted text did: something was
	// written by hand, or what was in the way is back.
	if rest != "" && !initext.IsBlank(rest[0]) {
		rest = " " + rest
	}
	if other, ok := initext.Restore(e.Value.Text, e.Value.Quote, rest); ok {
		if rest != u.rest(e) {
			other += " "
		}
		u.edit(e.Value.Outer, other)
	}
}

// tail puts back the text after a value that Mask has hidden; only its sign
// was left.
func (u *unmasker) tail(e *initext.Entry) {
	if len(u.layout.Lines) == 0 {
		return
	}
	v := e.Value
	if tail, ok := u.layout.Lines[e.ID()+tailMark]; ok && v.Tail.End == v.Tail.Start+1 {
		u.after(e, initext.Span{Start: v.Tail.End, End: v.Tail.End}, tail)
	}
}

// note writes the text of a comment.
func (u *unmasker) note(l leaf, text string) {
	n := l.note
	hash := tokenHash(n.Text)
	block, hasBlock := u.layout.Comments[hash]
	tail, hasTail := u.layout.Comments[hash+tailMark]
	known, _ := initext.NoteText(block, n.LineEnd(u.d.src), strings.TrimSpace(tail))
	_, owner := l.owner()
	fits := hasBlock && known == text && !n.Block.Empty() && (!hasTail || n.Tail.Empty()) && n.Block.Start < owner
	if n == l.sec.Trailing {
		fits = hasBlock && block != "" && known == text && !hasTail
	}
	switch {
	case fits && block == "":
		u.edit(initext.Span{Start: n.Block.Start, End: owner}, "")
	case fits:
		u.edit(n.Block, block)
	case !n.Block.Empty():
		start := n.Block.Start + min(n.Prefix, n.Block.End-n.Block.Start)
		u.edit(initext.Span{Start: start, End: n.Block.End}, initext.SpellNote(text, u.d.between(n.Block.Start)))
	case len(l.lines) > 0:
		u.after(l.lines[0], initext.Span{Start: n.Tail.Start + n.Prefix, End: n.Tail.End}, strings.ReplaceAll(text, "\n", " "))
	default:
		u.edit(initext.Span{Start: n.Tail.Start + n.Prefix, End: n.Tail.End}, strings.ReplaceAll(text, "\n", " "))
	}
	if at := after(l); fits && hasTail && len(l.lines) > 0 {
		u.after(l.lines[0], initext.Span{Start: at, End: at}, tail)
	} else if fits && hasTail {
		u.edit(initext.Span{Start: at, End: at}, tail)
	}
}

// banner puts back the lines of signs at the start of an unencrypted comment.
func (u *unmasker) banner(l leaf) {
	if len(u.layout.Lines) == 0 {
		return
	}
	id, at := l.owner()
	hint, ok := u.layout.Lines[bannerMark+id]
	if !ok || l.note == l.sec.Trailing {
		return
	}
	n, src := l.note, u.d.src
	if !n.Block.Empty() {
		at = n.Block.Start
	}
	if text, _ := initext.NoteText(hint+n.Block.Of(src), n.LineEnd(src), n.Tail.Of(src)); text == n.Text {
		u.edit(initext.Span{Start: at, End: at}, hint)
	}
}

// after writes text at s, which is after the value of e.
func (u *unmasker) after(e *initext.Entry, s initext.Span, text string) {
	u.tails[e] = u.d.src[e.Value.Outer.End:s.Start] + text
	u.edit(s, text)
}

// tokenHash is doc.TokenHash for a text that need not be a token.
func tokenHash(text string) string {
	// The type is at the end of a token, so that is looked for first.
	if i := strings.LastIndexByte(text, ','); i < 0 || !strings.HasPrefix(text[i:], ",type:") && !strings.Contains(text, ",type:") {
		return text
	}
	return format.TokenHash(text)
}
