// Package json is the JSON format: one object a file.
//
// A token is in double quotes where a value was; the metadata is the last
// member of the object:
//
//	{                                  {
//	  "user": "ada",                     "user": "ENC[AES256_GCM,data:…]",
//	  "port": 8080                       "port": "ENC[AES256_GCM,data:…]",
//	}                                    "sops": {…}
//	                                   }
//
// Everything else stays as it was: order, duplicate keys, blanks, line breaks,
// the spelling of unencrypted values. How a value was spelled before it became a
// token is derived from the value, in the way SOPS writes JSON, or remembered
// in the layout where that differs.
package json

import (
	"errors"
	"strings"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/internal/jsontext"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// reserved is the member that holds the metadata.
const reserved = "sops"

// A Format is the JSON format. The zero Format indents by one TAB what it
// writes from nothing.
type Format struct {
	unit  string
	blank bool // unit counts also if it is ""
}

// Indented returns a Format that indents by n blanks; 0 breaks lines without
// indentation, and a negative n means one TAB.
func Indented(n int) Format {
	if n < 0 {
		return Format{}
	}
	return Format{unit: strings.Repeat(" ", n), blank: true}
}

func (f Format) indent() string {
	if f.blank {
		return f.unit
	}
	return "\t"
}

// Name returns "json".
func (f Format) Name() string { return "json" }

// Parse reads plain text.
func (f Format) Parse(src []byte) (format.Document, error) {
	d, err := f.parse(src)
	if err != nil {
		return nil, err // a nil *document would not be a nil Document
	}
	return d, nil
}

// ParseEncrypted reads text that was encrypted.
func (f Format) ParseEncrypted(src []byte) (format.Document, error) {
	d, err := f.parse(src)
	if err != nil {
		return nil, err
	}
	for i, m := range d.file.Root.Members {
		if m.Key == reserved && i != d.meta {
			return nil, d.fail(m.At, `duplicate key "sops"`, "keep the block that belongs to this file, probably after a merge, and delete the other")
		}
	}
	return d, nil
}

func (f Format) parse(src []byte) (*document, error) {
	text := format.Text(src)
	file, err := jsontext.Scan(text)
	if err != nil {
		return nil, scanError(text, err)
	}
	d := &document{file: file, src: src, format: f, meta: file.Root.Find(reserved)}
	m, leaves := file.Tree(reserved)
	d.trees, d.leaves = []*tree.Map{m}, leaves
	return d, nil
}

// Render writes one document in the layout of SOPS.
func (f Format) Render(trees []*tree.Map) ([]byte, error) {
	if len(trees) != 1 {
		return nil, &format.Error{
			Msg:  "a JSON file holds exactly one document",
			Hint: "use --output-type yaml, which holds any number",
		}
	}
	b, err := f.style().Append(nil, trees[0])
	if err != nil {
		return nil, writeError(err)
	}
	return append(b, '\n'), nil
}

// RenderValue writes a string as it is, a map as a document, and anything else
// as JSON without a line break at the end.
func (f Format) RenderValue(n tree.Node) ([]byte, error) {
	switch n := n.(type) {
	case *tree.Map:
		return f.Render([]*tree.Map{n})
	case *tree.Scalar:
		if n.Value.Kind() == tree.String {
			return []byte(n.Value.Str()), nil
		}
	}
	b, err := f.style().Append(nil, n)
	if err != nil {
		return nil, writeError(err)
	}
	return b, nil
}

func (f Format) style() jsontext.Style { return jsontext.Style{Break: "\n", Unit: f.indent()} }

func scanError(text string, err error) error {
	var e *jsontext.Error
	if !errors.As(err, &e) {
		return err
	}
	line, column := jsontext.Position(text, e.Offset)
	return &format.Error{Line: line, Column: column, Msg: e.Msg, Hint: e.Hint}
}

// writeError is for values that JSON cannot hold.
func writeError(err error) error {
	var e *jsontext.Error
	if !errors.As(err, &e) {
		return err
	}
	return &format.Error{Msg: e.Msg, Hint: e.Hint, Content: true}
}
