package json

import (
	"fmt"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/internal/jsontext"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// A document is a parsed file.
type document struct {
	file   *jsontext.File
	src    []byte
	format Format
	trees  []*tree.Map
	leaves []*jsontext.Node // by Ref
	meta   int              // the member with the metadata, or -1
}

func (d *document) Trees() []*tree.Map { return d.trees }

// Bytes returns the text.
func (d *document) Bytes() []byte { return d.src }

func (d *document) Leaves() int { return len(d.leaves) }

func (d *document) Line(ref int) int { return d.file.Line(d.leaves[ref].Start) }

func (d *document) Meta() tree.Node {
	if d.meta < 0 {
		return nil
	}
	return d.metadata().Tree()
}

func (d *document) metadata() *jsontext.Node { return &d.file.Root.Members[d.meta].Node }

func (d *document) Reserved() int {
	if d.meta < 0 {
		return 0
	}
	return d.file.Line(d.file.Root.Members[d.meta].At)
}

func (d *document) SetMeta(meta *tree.Map) ([]byte, error) {
	e, err := d.setMeta(meta)
	if err != nil {
		return nil, err
	}
	return format.Splice(d.src, []format.Edit{e})
}

// setMeta replaces the metadata where it is, and adds it at the end of the
// object where there is none. What it holds already keeps its text.
func (d *document) setMeta(meta *tree.Map) (format.Edit, error) {
	root := &d.file.Root
	style := d.file.Style(root, d.format.indent())
	if d.meta < 0 {
		if style.Break == "" {
			return d.addOnOneLine(meta)
		}
		return d.add(root, reserved, meta, style)
	}
	old := d.metadata()
	text, err := d.file.Replace(old, meta, style)
	if err != nil {
		return format.Edit{}, writeError(err)
	}
	return format.Edit{Start: old.Start, End: old.End, Text: text}, nil
}

// addOnOneLine adds the metadata to an object on one line, always with a blank
// after comma and colon: tools look for such text.
func (d *document) addOnOneLine(meta *tree.Map) (format.Edit, error) {
	members := d.file.Root.Members
	at := members[len(members)-1].Node.End
	b, err := jsontext.Style{}.Append([]byte(`, "`+reserved+`": `), meta)
	if err != nil {
		return format.Edit{}, writeError(err)
	}
	return format.Edit{Start: at, End: at, Text: string(b)}, nil
}

func (d *document) add(n *jsontext.Node, key string, v tree.Node, style jsontext.Style) (format.Edit, error) {
	start, end, text, err := d.file.Add(n, key, v, style)
	if err != nil {
		return format.Edit{}, writeError(err)
	}
	return format.Edit{Start: start, End: end, Text: text}, nil
}

// fail returns an error about the text at an offset.
func (d *document) fail(offset int, msg, hint string) error {
	line, column := jsontext.Position(d.file.Text, offset)
	return &format.Error{Line: line, Column: column, Msg: msg, Hint: hint}
}

// check refuses lists that do not belong to this document.
func (d *document) check(n int) error {
	if n != len(d.leaves) {
		return fmt.Errorf("json: %d replacements for %d leaves", n, len(d.leaves))
	}
	return nil
}
