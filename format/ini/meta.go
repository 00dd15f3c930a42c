package ini

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/internal/initext"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// newlines is how a line break is written in the metadata. Releases 3.13.0 and
// 3.13.1 wrote real ones in triple quotes; both are read.
const newlines = `\n`

// readMeta unflattens the section [sops], if it can be.
func (d *document) readMeta() {
	if d.block == nil {
		return
	}
	meta, err := tree.Unflatten(d.metaEntries())
	if err != nil {
		meta = &tree.Map{}
	}
	d.meta = meta
}

func (d *document) metaEntries() []tree.FlatLine {
	var lines []tree.FlatLine
	for _, same := range byKey(d.block.Keys) {
		text := same[len(same)-1].Value.Text
		lines = append(lines, tree.FlatLine{Name: same[0].Name, Text: strings.ReplaceAll(text, newlines, "\n")})
	}
	return lines
}

// checkMeta says what is wrong with the metadata.
func (d *document) checkMeta() error {
	if d.block == nil {
		return nil
	}
	for _, sec := range d.sections {
		if sec.Name == initext.Reserved && sec != d.block {
			return &format.Error{Line: sec.Line, Msg: "the section [sops] appears twice"}
		}
	}
	if _, err := tree.Unflatten(d.metaEntries()); err != nil {
		return &format.Error{Line: d.block.Line, Msg: err.Error()}
	}
	return nil
}

// Meta returns the metadata, nil if there is no section [sops].
func (d *document) Meta() tree.Node {
	if d.block == nil {
		return nil
	}
	return d.meta
}

// metaSpan is the section [sops] with the blank line before it.
func (d *document) metaSpan() initext.Span {
	s := initext.Span{Start: d.block.Start, End: d.metaEnd()}
	for _, eol := range []string{"\r\n", "\n"} {
		if before, ok := strings.CutSuffix(d.src[:s.Start], eol); ok {
			if before == "" || len(before) == initext.BOM(d.src) || strings.HasSuffix(before, "\n") {
				s.Start = len(before)
			}
			break
		}
	}
	if strings.TrimSpace(d.src[s.End:]) == "" {
		s.End = len(d.src)
	}
	return s
}

// metaEnd returns where the line after the last of the metadata starts.
func (d *document) metaEnd() int {
	if n := len(d.block.Keys); n > 0 {
		return d.block.Keys[n-1].Value.Next
	}
	return d.block.Next
}

// A metaLine is one line of the section [sops].
type metaLine struct{ key, text, written string }

// metaLines returns the flat form of meta, spelled.
func metaLines(meta *tree.Map) ([]metaLine, error) {
	flat, err := tree.Flatten(meta)
	if err != nil {
		return nil, err
	}
	lines := make([]metaLine, len(flat))
	for i, f := range flat {
		if strings.Contains(f.Text, newlines) {
			return nil, fmt.Errorf("the metadata entry %q holds a backslash before an n, which INI files use for line breaks", f.Name)
		}
		key, keyOK := initext.SpellKey(f.Name)
		text := strings.ReplaceAll(f.Text, "\n", newlines)
		written, ok := initext.Spell(text, "", initext.Spellings(text)...)
		if !ok || !keyOK {
			return nil, fmt.Errorf("an INI file cannot hold the metadata entry %q", f.Name)
		}
		lines[i] = metaLine{key: key, text: f.Text, written: written}
	}
	return lines, nil
}

// writeBlock writes the section [sops], padded as SOPS does or not.
func writeBlock(b *bytes.Buffer, lines []metaLine, padded bool, eol string) {
	width := 0
	for _, l := range lines {
		if padded {
			width = max(width, len(l.key))
		}
	}
	b.WriteString("[" + initext.Reserved + "]" + eol)
	for _, l := range lines {
		b.WriteString(l.key)
		b.WriteString(strings.Repeat(" ", max(width-len(l.key), 0)))
		b.WriteString(" = " + l.written + eol)
	}
}

// SetMeta replaces the metadata. A block in SOPS's layout or in ours stays
// in it; in any other, lines change in their places. Values that are the same
// keep their spelling.
func (d *document) SetMeta(meta *tree.Map) ([]byte, error) {
	return d.withMeta(nil, meta)
}

// withMeta makes edits outside of the metadata, and renews that.
func (d *document) withMeta(edits []format.Edit, meta *tree.Map) ([]byte, error) {
	if d.block == nil {
		return d.appendMeta(edits, meta)
	}
	more, err := d.metaEdits(meta)
	if err != nil {
		return nil, err
	}
	return format.Splice(d.src, append(edits, more...))
}

func (d *document) metaEdits(meta *tree.Map) ([]format.Edit, error) {
	lines, err := metaLines(meta)
	if err != nil {
		return nil, err
	}
	old := d.oldLines()
	known := make(map[string]metaLine, len(old))
	for _, l := range old {
		known[l.key] = l
	}
	for i, l := range lines {
		if was, ok := known[l.key]; ok && was.text == l.text {
			lines[i].written = was.written
		}
	}
	lines = inOrder(old, lines)
	whole := initext.Span{Start: d.block.Start, End: d.metaEnd()}
	for _, padded := range []bool{true, false} {
		if d.blockText(old, padded) == whole.Of(d.src) {
			return []format.Edit{{Start: whole.Start, End: whole.End, Text: d.blockText(lines, padded)}}, nil
		}
	}
	return d.patchMeta(known, lines), nil
}

// inOrder puts lines where old has them, and each new one after the line that
// it follows in lines.
func inOrder(old, lines []metaLine) []metaLine {
	known := make(map[string]bool, len(old))
	for _, l := range old {
		known[l.key] = true
	}
	wanted := make(map[string]metaLine, len(lines))
	after := map[string][]metaLine{}
	last := ""
	for _, l := range lines {
		if known[l.key] {
			wanted[l.key] = l
			last = l.key
			continue
		}
		after[last] = append(after[last], l)
	}
	ordered := append(make([]metaLine, 0, len(lines)), after[""]...)
	for _, l := range old {
		if now, ok := wanted[l.key]; ok {
			ordered = append(append(ordered, now), after[l.key]...)
			delete(wanted, l.key)
		}
	}
	return ordered
}

func (d *document) blockText(lines []metaLine, padded bool) string {
	var b bytes.Buffer
	writeBlock(&b, lines, padded, d.eol())
	return b.String()
}

// oldLines returns the metadata as it is written.
func (d *document) oldLines() []metaLine {
	lines := make([]metaLine, 0, len(d.block.Keys))
	for _, e := range d.block.Keys {
		text := strings.ReplaceAll(e.Value.Text, newlines, "\n")
		lines = append(lines, metaLine{key: e.Key.Of(d.src), text: text, written: e.Value.Outer.Of(d.src)})
	}
	return lines
}

// patchMeta changes, removes and appends single lines.
func (d *document) patchMeta(known map[string]metaLine, lines []metaLine) []format.Edit {
	wanted := make(map[string]metaLine, len(lines))
	for _, l := range lines {
		wanted[l.key] = l
	}
	var edits []format.Edit
	for _, e := range d.block.Keys {
		key := e.Key.Of(d.src)
		l, ok := wanted[key]
		switch {
		case !ok:
			edits = append(edits, format.Edit{Start: e.Start, End: e.Value.Next})
		case known[key].text != l.text:
			edits = append(edits, format.Edit{Start: e.Value.Outer.Start, End: e.Value.Outer.End, Text: l.written})
		}
	}
	end := d.metaEnd()
	fresh := ""
	for _, l := range lines {
		if _, ok := known[l.key]; !ok {
			fresh += l.key + " = " + l.written + d.eol()
		}
	}
	if fresh != "" && d.src[end-1] != '\n' {
		fresh = d.eol() + fresh
	}
	return append(edits, format.Edit{Start: end, End: end, Text: fresh})
}
