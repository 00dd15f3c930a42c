package yaml

import (
	"bytes"
	"maps"
	"strings"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/format/yaml/internal/library"
	"github.com/seed-1f7fdfb8/sops/format/yaml/internal/lines"
	"github.com/seed-1f7fdfb8/sops/format/yaml/internal/spell"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// blockText writes the metadata as an entry of a block map whose keys are at
// column.
func blockText(meta *tree.Map, indent, column int, newline string) (string, error) {
	entry := &tree.Map{Items: []tree.Item{{Key: metaKey, Value: meta}}}
	out, err := library.Write(indent, entry)
	if err != nil {
		return "", err
	}
	if column == 0 && newline == "\n" {
		return string(out), nil
	}
	var b strings.Builder
	pad := strings.Repeat(" ", column)
	for line := range strings.Lines(string(out)) {
		if line != "\n" {
			b.WriteString(pad)
		}
		b.WriteString(strings.TrimSuffix(line, "\n") + newline)
	}
	return b.String(), nil
}

// flowEntry writes the metadata as an entry of a flow map, on one line.
func flowEntry(meta *tree.Map) string { return spell.Quoted(metaKey) + ": " + spell.Flow(meta) }

// insertMeta inserts the metadata into every document: some tools take them
// apart. Readers of the whole file look at the first one, so what SOPS does not
// know, and which can be large, is only there.
func (d *document) insertMeta(meta *tree.Map) ([]format.Edit, error) {
	return d.metaEdits(meta, func(p *part) bool { return !p.meta.found })
}

// putMeta replaces the metadata, and inserts it where there is none.
func (d *document) putMeta(meta *tree.Map) ([]format.Edit, error) {
	if d.encrypted && d.meta != nil {
		return d.replaceMeta(meta)
	}
	return d.insertMeta(meta)
}

// replaceMeta replaces the metadata wherever it is.
func (d *document) replaceMeta(meta *tree.Map) ([]format.Edit, error) {
	return d.metaEdits(meta, func(p *part) bool { return p.meta.found })
}

func (d *document) metaEdits(meta *tree.Map, where func(*part) bool) ([]format.Edit, error) {
	var edits []format.Edit
	first, rest := meta, format.Standard(meta)
	for i := range d.parts {
		p := &d.parts[i]
		if meta = first; i > 0 {
			meta = rest
		}
		if !where(p) {
			continue
		}
		indent := d.step
		if p.meta.found && p.meta.indent > 0 {
			indent = p.meta.indent
		}
		var e format.Edit
		var err error
		switch {
		case p.meta.found && (p.flow || p.meta.flow):
			e = format.Edit{Start: p.meta.start, End: p.meta.end, Text: flowEntry(meta)}
		case p.meta.found:
			e, err = d.replaceBlock(p, meta, indent)
		case p.flow:
			e = d.insertFlow(p, meta)
		default:
			e, err = d.insertBlock(p, meta, indent)
		}
		if err != nil {
			return nil, err
		}
		edits = append(edits, e)
	}
	return edits, nil
}

func (d *document) replaceBlock(p *part, meta *tree.Map, indent int) (format.Edit, error) {
	text, err := blockText(meta, indent, p.meta.column, d.newline)
	if err != nil {
		return format.Edit{}, err
	}
	// Up to the end of the last value: what is after it on its line stays.
	text = strings.TrimSuffix(text, d.newline)
	return format.Edit{Start: lines.Start(d.src, p.meta.start), End: p.meta.end, Text: text}, nil
}

func (d *document) insertBlock(p *part, meta *tree.Map, indent int) (format.Edit, error) {
	text, err := blockText(meta, indent, p.column, d.newline)
	if err != nil {
		return format.Edit{}, err
	}
	if p.end > 0 && !lines.EndsInBreak(d.src[:p.end]) {
		text = d.newline + text
	}
	return format.Edit{Start: p.end, End: p.end, Text: text}, nil
}

func (d *document) insertFlow(p *part, meta *tree.Map) format.Edit {
	text := flowEntry(meta)
	switch {
	case p.pairs == 0:
	case p.comma:
		text = " " + text
	default:
		text = ", " + text
	}
	return format.Edit{Start: p.last, End: p.last, Text: text}
}

// cutEdits removes the metadata. A document that holds nothing else becomes
// {}, unless it was written as nothing.
func (d *document) cutEdits(l *format.Layout) []format.Edit {
	var edits []format.Edit
	for i := range d.parts {
		p := &d.parts[i]
		if !p.meta.found {
			continue
		}
		if p.flow {
			edits = append(edits, d.cutFlow(p, says(l, commaHint(i))))
			continue
		}
		start := lines.Start(d.src, p.meta.start)
		e := format.Edit{Start: start, End: max(lines.After(d.src, p.meta.end), p.meta.end)}
		if p.pairs == 0 && !says(l, emptyHint(i)) {
			e.Text = "{}" + d.newline
		}
		edits = append(edits, e)
	}
	return edits
}

// Prune drops the hints that a document holds nothing, where it does hold something.
func (d *document) Prune(l *format.Layout) *format.Layout {
	out := *l
	out.Lines = maps.Clone(l.Lines)
	for i := range d.parts {
		if d.parts[i].pairs > 0 {
			delete(out.Lines, emptyHint(i))
		}
	}
	return &out
}

func says(l *format.Layout, hint string) bool {
	_, ok := l.Lines[hint]
	return ok
}

// cutFlow removes the entry with the comma before it, or after it if it
// is first.
func (d *document) cutFlow(p *part, keepComma bool) format.Edit {
	e := format.Edit{Start: p.meta.start, End: p.meta.end}
	before := bytes.TrimRight(d.src[:e.Start], " \t\r\n")
	switch {
	case keepComma:
		e.Start -= len(" ")
	case bytes.HasSuffix(d.src[:e.Start], []byte(", ")):
		e.Start -= len(", ")
	case bytes.HasSuffix(before, []byte(",")):
		e.Start = len(before) - 1
	default:
		if at := lines.SkipBlanks(d.src, e.End); at < len(d.src) && d.src[at] == ',' {
			e.End = lines.SkipBlanks(d.src, at+1)
		}
	}
	return e
}

// SetMeta replaces the metadata of an encrypted document.
func (d *document) SetMeta(meta *tree.Map) ([]byte, error) {
	edits, err := d.replaceMeta(meta)
	if err != nil {
		return nil, err
	}
	out, err := format.Splice(d.src, edits)
	return withMark(out, d.bom), err
}
