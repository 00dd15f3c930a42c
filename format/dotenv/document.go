package dotenv

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// A document is a parsed file.
type document struct {
	src       []byte
	size      int // of the text in bytes, without the mark
	encrypted bool
	bom       bool // the text begins with a byte order mark
	lines     []line
	open      bool // the last line has no line feed
	trees     []*tree.Map
	refs      []int // the line of each Ref
	meta      *tree.Map
}

func (d *document) Trees() []*tree.Map { return d.trees }

// Bytes returns the text.
func (d *document) Bytes() []byte { return d.src }

func (d *document) Leaves() int { return len(d.refs) }

func (d *document) Line(ref int) int { return d.refs[ref] + 1 }

func (d *document) Meta() tree.Node {
	if d.meta == nil {
		return nil
	}
	return d.meta
}

func (d *document) Reserved() int {
	for i, l := range d.lines {
		if l.kind == metadata {
			return i + 1
		}
	}
	return 0
}

// Mask writes tokens in place of values and comment texts. Layout.Lines
// remembers, by the number of a line among those that are no metadata, its
// blanks: all of a line of blanks, or those before a comment sign.
func (d *document) Mask(tokens []string) (format.Masked, error) {
	if err := d.check(len(tokens)); err != nil {
		return format.Masked{}, err
	}
	layout := &format.Layout{BOM: d.bom, NoNewline: d.open}
	size, n := d.size, 0
	for _, l := range d.lines {
		if front := l.front(); front != "" {
			if layout.Lines == nil {
				layout.Lines = map[string]string{}
			}
			layout.Lines[strconv.Itoa(n)] = front
		}
		if l.kind != metadata {
			n++
		}
	}
	for _, t := range tokens {
		size += len(t)
	}
	if layout.Empty() {
		layout = nil
	}
	write := func(to []byte, l line) []byte {
		front := len(l.front())
		if l.ref >= 0 && tokens[l.ref] != "" {
			return append(append(to, l.text[front:l.at]...), tokens[l.ref]...)
		}
		return append(to, l.text[front:]...)
	}
	return format.Masked{Layout: layout, Insert: func(meta *tree.Map) ([]byte, error) { return d.withMeta(write, size, meta) }}, nil
}

// front returns the blanks of a line that SOPS would refuse.
func (l line) front() string {
	switch l.kind {
	case blank:
		return l.text
	case comment:
		return l.text[:l.at-1]
	case pair, metadata:
	}
	return ""
}

// Unmask cuts the metadata lines and puts the remembered blanks back where the
// lines are still of the kind that had them.
func (d *document) Unmask(values []format.Plain, layout *format.Layout) ([]byte, error) {
	if err := d.check(len(values)); err != nil {
		return nil, err
	}
	if layout == nil {
		layout = &format.Layout{}
	}
	size := len(bom)
	for _, l := range d.lines {
		switch {
		case l.kind == metadata:
		case l.ref >= 0 && values[l.ref].Set:
			size += l.at + len(values[l.ref].Value.Canonical()) + 1
		default:
			size += len(l.text) + 1
		}
	}
	b := make([]byte, 0, size)
	if d.bom || layout.BOM {
		b = append(b, bom...)
	}
	n := 0
	for i, l := range d.lines {
		if l.kind == metadata {
			continue
		}
		head, rest, err := d.unmasked(i, values)
		if err != nil {
			return nil, err
		}
		if len(layout.Lines) > 0 {
			b = append(b, l.remembered(layout.Lines[strconv.Itoa(n)], head+rest)...)
		}
		n++
		b = append(append(b, head...), rest...)
		if i < len(d.lines)-1 || !d.open {
			b = append(b, '\n')
		}
	}
	if layout.NoNewline {
		return bytes.TrimSuffix(b, []byte("\n")), nil
	}
	return b, nil
}

// remembered returns the blanks that belong in front of the line, which has
// become text.
func (l line) remembered(front, text string) string {
	fits := l.kind == comment && l.at == 1 && !strings.ContainsAny(text, "=\n") || text == ""
	if !fits || strings.Trim(front, blanks) != "" {
		return ""
	}
	return front
}

// unmasked returns the text of a line with its value in place, in two parts.
func (d *document) unmasked(i int, values []format.Plain) (head, rest string, err error) {
	l := d.lines[i]
	if l.ref < 0 || !values[l.ref].Set {
		return l.text, "", nil
	}
	v := values[l.ref]
	if v.Comment != (l.kind == comment) {
		return "", "", &format.Error{Line: i + 1, Msg: "a comment was encrypted as a value, or a value as a comment"}
	}
	if v.Comment {
		return l.text[:l.at], commentText(v.Value.Canonical()), nil
	}
	return l.text[:l.at], encode(spelled(v.Value)), nil
}

// check refuses lists that do not belong to this document.
func (d *document) check(n int) error {
	if n != len(d.refs) {
		return fmt.Errorf("dotenv: %d replacements for %d leaves", n, len(d.refs))
	}
	return nil
}
