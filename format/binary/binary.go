// Package binary is the format of files without a syntax: the whole content is
// one string under the key "data". Encrypted, it is the token in a JSON object,
//
//	{
//		"data": "ENC[AES256_GCM,data:…]",
//		"sops": {…}
//	}
//
// and since the token holds every byte, decrypting gives exactly these.
package binary

import (
	"errors"
	"strings"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/internal/jsontext"
	"github.com/seed-1f7fdfb8/sops/tree"
)

const (
	dataKey  = "data"
	reserved = "sops"
)

// A Format is the binary format. The zero Format indents its envelopes by one
// TAB.
type Format struct {
	unit  string
	blank bool // unit counts also if it is ""
}

// Indented returns a Format whose envelopes are indented by n blanks; 0 breaks
// lines without indentation, and a negative n means one TAB.
func Indented(n int) Format {
	if n < 0 {
		return Format{}
	}
	return Format{unit: strings.Repeat(" ", n), blank: true}
}

func (f Format) style() jsontext.Style {
	if f.blank {
		return jsontext.Style{Break: "\n", Unit: f.unit}
	}
	return jsontext.Style{Break: "\n", Unit: "\t"}
}

// Name returns "binary".
func (f Format) Name() string { return "binary" }

// Parse takes src as it is; it never fails.
func (f Format) Parse(src []byte) (format.Document, error) {
	leaf := &tree.Scalar{Value: tree.StringValue(format.Text(src)), Ref: 0}
	m := &tree.Map{Items: []tree.Item{{Key: dataKey, Value: leaf}}}
	return &content{src: src, trees: []*tree.Map{m}, style: f.style()}, nil
}

// ParseEncrypted reads an envelope.
func (f Format) ParseEncrypted(src []byte) (format.Document, error) {
	text := format.Text(src)
	file, err := jsontext.Scan(text)
	if err != nil {
		return nil, noEnvelope(text, err)
	}
	e := &envelope{file: file, src: src, style: f.style(), meta: file.Root.Find(reserved)}
	for i, m := range file.Root.Members {
		if m.Key == reserved && i != e.meta {
			return nil, &format.Error{Line: file.Line(m.At), Msg: `duplicate key "sops"`}
		}
	}
	m, leaves := file.Tree(reserved)
	e.trees, e.leaves = []*tree.Map{m}, leaves
	return e, nil
}

// noEnvelope says where the text stops being an envelope.
func noEnvelope(text string, err error) error {
	out := &format.Error{
		Msg:  "sops metadata not found: an encrypted binary file is a JSON object",
		Hint: "if the file has a syntax of its own, name it with --input-type yaml, json, dotenv or ini",
	}
	var e *jsontext.Error
	if errors.As(err, &e) && text != "" {
		out.Line, out.Column = jsontext.Position(text, e.Offset)
		out.Msg += " (" + e.Msg + ")"
	}
	return out
}

// Render returns the bytes of the data.
func (f Format) Render(trees []*tree.Map) ([]byte, error) {
	if len(trees) == 1 {
		if n, ok := trees[0].Get(dataKey); ok {
			return f.RenderValue(n)
		}
	}
	return nil, noData()
}

// RenderValue returns the bytes of a string.
func (f Format) RenderValue(n tree.Node) ([]byte, error) {
	switch n := n.(type) {
	case *tree.Scalar:
		if n.Value.Kind() == tree.String {
			return []byte(n.Value.Str()), nil
		}
	case *tree.Map:
		if _, ok := n.Get(dataKey); ok {
			return f.Render([]*tree.Map{n})
		}
	}
	return nil, noData()
}

func noData() error {
	return &format.Error{
		Msg:     `binary output needs one document with a string under the key "data"`,
		Hint:    "use --output-type yaml or json",
		Content: true,
	}
}
