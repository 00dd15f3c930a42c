// Package yaml reads and writes YAML files without disturbing them. A value is
// found at its bytes, so that a token can take its place in the same style, at
// the same indentation, with the same tag, anchor and comment:
//
//	# the database            #ENC[AES256_GCM,...]
//	db: {pass: "s3cret"}      db: {pass: "ENC[AES256_GCM,...]", "sops": {...}}
//	note: >-                  note: >-
//	  two lines                 ENC[AES256_GCM,...]
//	  of text
//
// The way back writes each value in the style of its token. Where that would
// not give the author's bytes, the Layout remembers them.
//
// A text is parsed once, by internal/yamltext, whose nodes and comments know their
// bytes. The reader (reader.go) makes a scan of them: the wire trees, and the
// place of each leaf. Masking, unmasking and setting values are lists of edits
// computed from that. The library that other readers use is asked about
// the few texts in which the owner of a comment is not certain (referee.go), says
// what is wrong with a text, and writes what is written anew (library.go).
package yaml

import (
	"bytes"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// Format is the YAML format.
type Format struct {
	// Indent is the indentation of what is written anew, 4 if it is 0.
	Indent int
}

// Name returns "yaml".
func (Format) Name() string { return "yaml" }

func (f Format) indent() int {
	if f.Indent <= 0 {
		return 4
	}
	return f.Indent
}

// Parse reads plain text.
func (f Format) Parse(src []byte) (format.Document, error) { return orNil(f.parse(src, false)) }

// ParseEncrypted reads text in which values may be tokens and the reserved entry
// is metadata.
func (f Format) ParseEncrypted(src []byte) (format.Document, error) { return orNil(f.parse(src, true)) }

// orNil keeps the nil document of an error nil in the interface.
func orNil(d *document, err error) (format.Document, error) {
	if err != nil {
		return nil, err
	}
	return d, nil
}

func (f Format) parse(src []byte, encrypted bool) (*document, error) {
	text, bom := bytes.CutPrefix(src, []byte(byteOrderMark))
	s, err := read(text, encrypted)
	if err != nil {
		return nil, err
	}
	return &document{
		scan: s, format: f, src: text, bom: bom, encrypted: encrypted,
		newline: newlineOf(text), step: f.step(s.parts),
	}, nil
}

// A document is a parsed file. Places are bytes of src.
type document struct {
	*scan
	format    Format
	src       []byte // without byte order mark
	bom       bool
	encrypted bool
	newline   string
	step      int // indentation of new block scalars
}

// Trees returns the documents.
func (d *document) Trees() []*tree.Map { return d.trees }

// Bytes returns the text.
func (d *document) Bytes() []byte { return withMark(d.src, d.bom) }

// Leaves returns the number of scalars and comments.
func (d *document) Leaves() int { return len(d.leaves) }

// Line returns the line of a leaf.
func (d *document) Line(ref int) int { return d.leafAt(ref).line }

// Meta returns the reserved entry of the first document.
func (d *document) Meta() tree.Node { return d.meta }

// Reserved returns the line of the first entry with the reserved name.
func (d *document) Reserved() int { return d.reserved }

// step returns the indentation that the metadata shows, since what wrote it
// wrote the values too.
func (f Format) step(parts []part) int {
	for i := range parts {
		if n := parts[i].meta.indent; n > 0 {
			return n
		}
	}
	return f.indent()
}

// withMark puts the byte order mark before text.
func withMark(text []byte, bom bool) []byte {
	if !bom {
		return text
	}
	return append([]byte(byteOrderMark), text...)
}

// slot describes the place of a leaf as it is.
func (d *document) slot(p *place) slot {
	s := slot{
		style: p.style, flow: p.flow, list: p.list, column: p.column,
		step: d.step, newline: d.newline, oneLine: d.commentFollows(p.end),
	}
	if p.block() {
		s.head = format.Text(d.src[p.start:p.head])
		end := p.body
		for end < p.end && d.src[end] == ' ' {
			end++
		}
		s.indent = format.Text(d.src[p.body:end])
	}
	return s
}

func (d *document) commentFollows(at int) bool {
	at = skipBlanks(d.src, at)
	return at < len(d.src) && d.src[at] == '#'
}
