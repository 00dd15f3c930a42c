package yaml

import (
	"bytes"
	"strings"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// blockText writes the metadata as an entry of a block map whose keys are at
// column.
func blockText(meta *tree.Map, indent, column int, newline string) (string, error) {
	entry := &tree.Map{Items: []tree.Item{{Key: metaKey, Value: meta}}}
	n, err := toNode(entry)
	if err != nil {
		return "", err
	}
	out, err := emit([]*node{n}, indent)
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
func flowEntry(meta *tree.Map) string { return quoted(metaKey) + ": " + flowText(meta) }

// flowText writes n on one line, without comments.
func flowText(n tree.Node) string {
	w := flowWriter{scalar: flowScalar}
	w.node(n)
	return w.String()
}

// A flowWriter writes nodes in flow style.
type flowWriter struct {
	strings.Builder
	depth   int
	scalar  func(*tree.Scalar) string
	comment func(*tree.Comment) string
	// pad is the line break and indentation around comments; without it they
	// are left out and all is on one line.
	pad string
}

func (w *flowWriter) node(n tree.Node) {
	switch n := n.(type) {
	case *tree.Map:
		w.collection("{", "}", len(n.Items), func(i int) (string, tree.Node) {
			return flowKey(n.Items[i].Key) + ": ", n.Items[i].Value
		})
	case *tree.List:
		w.collection("[", "]", len(n.Items), func(i int) (string, tree.Node) { return "", n.Items[i] })
	case *tree.Scalar:
		w.WriteString(w.scalar(n))
	}
}

// collection writes n entries. Comments are on lines of their own, above what
// follows.
func (w *flowWriter) collection(begin, end string, n int, entry func(int) (key string, value tree.Node)) {
	w.WriteString(begin)
	w.depth++
	var above []*tree.Comment
	first := true
	for i := range n {
		key, value := entry(i)
		if c, ok := value.(*tree.Comment); ok {
			above = append(above, c)
			continue
		}
		if !first {
			w.WriteString(",")
		}
		if !w.comments(above) && !first {
			w.WriteString(" ")
		}
		above, first = nil, false
		w.WriteString(key)
		w.node(value)
	}
	w.comments(above)
	w.depth--
	w.WriteString(end)
}

// comments reports whether it began a new line.
func (w *flowWriter) comments(cs []*tree.Comment) bool {
	if len(cs) == 0 || w.pad == "" {
		return false
	}
	for _, c := range cs {
		w.WriteString(w.pad + "#" + w.comment(c))
	}
	w.WriteString(w.pad)
	return true
}

// mergeKey is the key under which maps are merged into another.
const mergeKey = "<<"

// flowKey writes a key of a flow map. The merge key would be a plain string in
// quotes.
func flowKey(k string) string {
	if k == mergeKey {
		return k
	}
	return quoted(k)
}

// flowScalar writes n so that it reads back with its type.
func flowScalar(n *tree.Scalar) string {
	if n.Value.Kind() == tree.String {
		return quoted(n.Value.Str())
	}
	return spellExact(n)
}

// spellExact is spellTyped with floats as they were typed, or at least such that
// they read back as floats.
func spellExact(n *tree.Scalar) string {
	v := n.Value
	if n.Spelling != "" && tagOf(n.Spelling) == "!!float" {
		return n.Spelling
	}
	t := spellTyped(v)
	if v.Kind() == tree.Float && strings.Trim(t, "-0123456789") == "" {
		t += ".0"
	}
	return t
}

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
	return format.Edit{Start: lineStart(d.src, p.meta.start), End: p.meta.end, Text: text}, nil
}

func (d *document) insertBlock(p *part, meta *tree.Map, indent int) (format.Edit, error) {
	text, err := blockText(meta, indent, p.column, d.newline)
	if err != nil {
		return format.Edit{}, err
	}
	if p.end > 0 && !endsInBreak(d.src[:p.end]) {
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
		start := lineStart(d.src, p.meta.start)
		e := format.Edit{Start: start, End: max(afterBreak(d.src, p.meta.end), p.meta.end)}
		if p.pairs == 0 && !says(l, emptyHint(i)) {
			e.Text = "{}" + d.newline
		}
		edits = append(edits, e)
	}
	return edits
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
		if at := skipBlanks(d.src, e.End); at < len(d.src) && d.src[at] == ',' {
			e.End = skipBlanks(d.src, at+1)
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
