package ini

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/seed-1f7fdfb8/sops/format"
)

// An unmasker collects the edits of Unmask.
type unmasker struct {
	d      *document
	layout *format.Layout
	edits  []format.Edit
	tails  map[*entry]string // what will follow a value, where it changes
}

// Unmask puts values in the place of tokens and cuts the metadata.
func (d *document) Unmask(values []format.Plain, l *format.Layout) ([]byte, error) {
	if len(values) != len(d.leaves) {
		return nil, fmt.Errorf("ini: %d values for %d leaves", len(values), len(d.leaves))
	}
	if l == nil {
		l = &format.Layout{}
	}
	u := &unmasker{d: d, layout: l, edits: make([]format.Edit, 0, len(values)+1), tails: map[*entry]string{}}
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

func (u *unmasker) edit(s span, text string) {
	u.edits = append(u.edits, format.Edit{Start: s.start, End: s.end, Text: text})
}

// key writes the value on every line that holds the token of the key, and
// gives the other lines their spelling back.
func (u *unmasker) key(l leaf, value format.Plain) error {
	token := l.counts().val.text
	hash := tokenHash(token)
	text, err := scalarText(value.Value)
	if err != nil {
		return err
	}
	for i, e := range l.lines {
		shadowed := i < len(l.lines)-1
		if !value.Set || e.val.text != token {
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
			if written, ok = restore(text, e.val.quote, u.rest(e)); !ok {
				return &format.Error{Line: e.line, Content: true, Msg: fmt.Sprintf("an INI file cannot hold the value of %q", e.name)}
			}
		}
		u.edit(e.val.outer, written)
	}
	return nil
}

// fits reports whether the spelling in a layout reads as text on the line of e,
// or, where the text is not known, as anything.
func (u *unmasker) fits(e *entry, written, text string, unknown bool) bool {
	if written == triple && u.layout.NoNewline {
		return text == triple // which reads so on the last line only
	}
	if unknown {
		_, ok := readAlone(written+u.rest(e), false)
		return ok
	}
	return readsAs(written, u.rest(e), text, false)
}

// rest returns the text that will follow the value of e.
func (u *unmasker) rest(e *entry) string {
	if tail, ok := u.tails[e]; ok {
		return tail
	}
	return u.d.src[e.val.outer.end:max(e.val.outer.end, e.val.tail.end)]
}

// clearLine gives a line without a token its spelling back.
func (u *unmasker) clearLine(e *entry, shadowed bool) {
	u.tail(e)
	written := e.val.outer.of(u.d.src)
	if hint, ok := u.layout.Lines[e.id()]; ok {
		if u.fits(e, hint, e.val.text, shadowed && e.val.text == "") {
			u.edit(e.val.outer, hint)
			return
		}
	}
	_, changed := u.tails[e]
	rest := u.rest(e)
	if shadowed || !changed && !e.val.strange || readsAs(written, rest, e.val.text, false) {
		return
	}
	// The plain text would not read as the encrypted text did: something was
	// written by hand, or what was in the way is back.
	if rest != "" && !isBlank(rest[0]) {
		rest = " " + rest
	}
	if other, ok := restore(e.val.text, e.val.quote, rest); ok {
		if rest != u.rest(e) {
			other += " "
		}
		u.edit(e.val.outer, other)
	}
}

// tail puts back the text after a value that Mask has hidden; only its sign
// was left.
func (u *unmasker) tail(e *entry) {
	if len(u.layout.Lines) == 0 {
		return
	}
	v := e.val
	if tail, ok := u.layout.Lines[e.id()+tailMark]; ok && v.tail.end == v.tail.start+1 {
		u.after(e, span{v.tail.end, v.tail.end}, tail)
	}
}

// note writes the text of a comment.
func (u *unmasker) note(l leaf, text string) {
	n := l.note
	hash := tokenHash(n.text)
	block, hasBlock := u.layout.Comments[hash]
	tail, hasTail := u.layout.Comments[hash+tailMark]
	known, _ := noteText(block, n.lineEnd(u.d.src), strings.TrimSpace(tail))
	_, owner := l.owner()
	fits := hasBlock && known == text && !n.block.empty() && (!hasTail || n.tail.empty()) && n.block.start < owner
	if n == l.sec.trailing {
		fits = hasBlock && block != "" && known == text && !hasTail
	}
	switch {
	case fits && block == "":
		u.edit(span{n.block.start, owner}, "")
	case fits:
		u.edit(n.block, block)
	case !n.block.empty():
		start := n.block.start + min(n.prefix, n.block.end-n.block.start)
		u.edit(span{start, n.block.end}, spellNote(text, u.d.between(n.block.start)))
	case len(l.lines) > 0:
		u.after(l.lines[0], span{n.tail.start + n.prefix, n.tail.end}, strings.ReplaceAll(text, "\n", " "))
	default:
		u.edit(span{n.tail.start + n.prefix, n.tail.end}, strings.ReplaceAll(text, "\n", " "))
	}
	if at := after(l); fits && hasTail && len(l.lines) > 0 {
		u.after(l.lines[0], span{at, at}, tail)
	} else if fits && hasTail {
		u.edit(span{at, at}, tail)
	}
}

// banner puts back the lines of signs at the start of an unencrypted comment.
func (u *unmasker) banner(l leaf) {
	if len(u.layout.Lines) == 0 {
		return
	}
	id, at := l.owner()
	hint, ok := u.layout.Lines[bannerMark+id]
	if !ok || l.note == l.sec.trailing {
		return
	}
	n, src := l.note, u.d.src
	if !n.block.empty() {
		at = n.block.start
	}
	if text, _ := noteText(hint+n.block.of(src), n.lineEnd(src), n.tail.of(src)); text == n.text {
		u.edit(span{at, at}, hint)
	}
}

// after writes text at s, which is after the value of e.
func (u *unmasker) after(e *entry, s span, text string) {
	u.tails[e] = u.d.src[e.val.outer.end:s.start] + text
	u.edit(s, text)
}

// tokenHash is doc.TokenHash for a text that need not be a token.
func tokenHash(text string) string {
	if !strings.Contains(text, ",type:") {
		return text
	}
	return format.TokenHash(text)
}
