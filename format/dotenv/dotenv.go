// Package dotenv is the dotenv format: one KEY=value a line.
//
// The dialect is that of SOPS, which is simpler than what shells read: a line
// that begins with # is a comment, the first = ends the key, and everything
// after it is the value. Nothing is trimmed and nothing is unquoted; only the
// two characters \n stand for a line break in a value. So a value is spelled in
// one way only, and needs no remembering.
//
//	# login                  #ENC[AES256_GCM,data:…]
//	USER=ada                 USER=ENC[AES256_GCM,data:…]
//	                         sops_mac=ENC[AES256_GCM,data:…]
//
// The metadata is flat lines whose names begin with sops_. They may be
// anywhere and are written at the end. Lines that SOPS refuses though their
// meaning is plain, of blanks only or with an indented comment, are encrypted
// without their blanks, and these are remembered in the layout.
package dotenv

import (
	"strings"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/tree"
)

const (
	reserved = "sops_" // begins the names of metadata lines
	bom      = "\uFEFF"
	blanks   = " \t\r\v\f"
)

// A Format is the dotenv format.
type Format struct{}

// Name returns "dotenv".
func (Format) Name() string { return "dotenv" }

// Parse reads plain text.
func (Format) Parse(src []byte) (format.Document, error) {
	// SOPS takes the mark for a part of the first line, so encrypted text never
	// has one of ours.
	body, marked := strings.CutPrefix(format.Text(src), bom)
	d, err := parse(body)
	if err != nil {
		return nil, err
	}
	d.src, d.bom = src, marked
	return d, nil
}

// ParseEncrypted reads text that was encrypted.
func (Format) ParseEncrypted(src []byte) (format.Document, error) {
	d, err := parse(format.Text(src))
	if err != nil {
		return nil, err
	}
	d.src, d.encrypted = src, true
	var flat []tree.FlatLine
	for _, l := range d.lines {
		if l.kind == metadata {
			flat = append(flat, tree.FlatLine{Name: l.metaName(), Text: decode(l.metaText())})
		}
	}
	if len(flat) == 0 {
		return d, nil
	}
	m, err := tree.Unflatten(flat)
	if err != nil {
		return nil, &format.Error{Line: d.Reserved(), Msg: err.Error()}
	}
	d.meta = m
	return d, nil
}

// kind says what a line is.
type kind uint8

const (
	blank kind = iota
	comment
	pair
	metadata // a pair with a reserved key
)

// A line is one line without its line feed.
type line struct {
	kind kind
	text string
	at   int // where text begins in a pair's value, or after the comment sign
	ref  int
}

func (l line) key() string      { return l.text[:l.at-1] }
func (l line) value() string    { return l.text[l.at:] }
func (l line) metaName() string { return strings.TrimPrefix(l.key(), reserved) }

// metaText leaves out the CR of a file whose line breaks were changed after it
// was encrypted.
func (l line) metaText() string { return strings.TrimSuffix(l.value(), "\r") }

// decode reads the one escape there is.
func decode(s string) string { return strings.ReplaceAll(s, `\n`, "\n") }

func encode(s string) string { return strings.ReplaceAll(s, "\n", `\n`) }

// scan says what a line is; ok is false if it is nothing.
func scan(text string) (l line, ok bool) {
	l = line{text: text, ref: tree.NoRef}
	if strings.HasPrefix(text, "#") {
		l.kind, l.at = comment, 1
		return l, true
	}
	if i := strings.IndexByte(text, '='); i >= 0 {
		l.kind, l.at = pair, i+1
		if strings.HasPrefix(text, reserved) {
			l.kind = metadata
		}
		return l, true
	}
	rest := strings.TrimLeft(text, blanks)
	if strings.HasPrefix(rest, "#") {
		l.kind, l.at = comment, len(text)-len(rest)+1
		return l, true
	}
	return l, rest == ""
}

func parse(body string) (*document, error) {
	n := strings.Count(body, "\n")
	d := &document{size: len(body), open: body != "" && !strings.HasSuffix(body, "\n")}
	if d.open {
		n++
	}
	d.lines = make([]line, 0, n)
	d.refs = make([]int, 0, n)
	m := &tree.Map{Items: make([]tree.Item, 0, n)}
	var scalars tree.Scalars
	for i := range n {
		text, rest, _ := strings.Cut(body, "\n")
		body = rest
		l, ok := scan(text)
		if !ok {
			return nil, &format.Error{
				Line: i + 1,
				Msg:  "the line is neither KEY=value nor a comment, it has no =",
				Hint: "values cannot span lines: write line breaks as \\n; comments begin with #",
			}
		}
		switch l.kind {
		case comment:
			l.ref = len(d.refs)
			m.Items = append(m.Items, tree.Item{Value: &tree.Comment{Text: l.value(), Ref: l.ref}})
			d.refs = append(d.refs, i)
		case pair:
			l.ref = len(d.refs)
			v := tree.StringValue(decode(l.value()))
			m.Items = append(m.Items, tree.Item{Key: l.key(), Value: scalars.New(v, l.ref)})
			d.refs = append(d.refs, i)
		case blank, metadata:
		}
		d.lines = append(d.lines, l)
	}
	d.trees = []*tree.Map{m}
	return d, nil
}
