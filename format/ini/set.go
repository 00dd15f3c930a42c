package ini

import (
	"bytes"
	"strings"
	"unicode"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/internal/initext"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// Apply puts values at ["section"]["key"] and maps at ["section"], and removes
// keys with all of their lines, and sections. A value that is there keeps its
// quotes and its comment; a new key comes after the last of its section, in the
// style of that line; a new section comes last. Comments above what is removed
// stay.
func (d *document) Apply(changes []format.Change) (format.Document, error) {
	out, err := format.ApplyParts(d, changes, (*document).apply)
	if err != nil {
		return nil, err
	}
	return out, nil
}

// apply reads the result back: other lines must not have changed their meaning,
// as after quotes or a backslash that end with the file.
func (d *document) apply(changes []format.Change) (*document, error) {
	var edits []format.Edit
	wanted := make([]format.Change, len(changes))
	for i, c := range changes {
		more, err := d.change(c)
		if err != nil {
			return nil, err
		}
		edits = append(edits, more...)
		if wanted[i] = c; c.New != nil {
			wanted[i].New = asText(c.New)
		}
	}
	text, err := format.Splice(d.src, edits)
	if err != nil {
		return nil, err
	}
	after, err := read(format.Text(text), d.encrypted)
	if err != nil {
		return nil, err
	}
	want := tree.Clone(d.root).(*tree.Map)
	if err := format.Make(want, wanted); err != nil {
		return nil, err
	}
	if tree.Diff([]*tree.Map{want}, after.Trees()) != "" {
		return nil, content("%s: the text around it would be read differently", changes[0].At)
	}
	return after, nil
}

func (d *document) change(c format.Change) ([]format.Edit, error) {
	if c.New == nil {
		return d.unset(c.At)
	}
	return d.set(c.At, c.New)
}

// asText returns n as a reader finds it, with texts for scalars.
func asText(n tree.Node) tree.Node {
	switch n := n.(type) {
	case *tree.Map:
		texts := &tree.Map{}
		for _, it := range n.Items {
			texts.Items = append(texts.Items, tree.Item{Key: it.Key, Value: asText(it.Value)})
		}
		return texts
	case *tree.Scalar:
		if text, err := scalarText(n.Value); err == nil {
			return tree.Text(text)
		}
	}
	return n
}

// set returns the edits of a value.
func (d *document) set(a tree.Address, n tree.Node) ([]format.Edit, error) {
	for _, step := range a {
		if !step.IsKey {
			return nil, content("%s: an INI file holds no lists", a)
		}
	}
	switch n := n.(type) {
	case *tree.Map:
		if len(a) == 1 {
			return d.setSection(a[0].Key, n)
		}
	case *tree.Scalar:
		if len(a) == 2 {
			return d.setKey(a[0].Key, a[1].Key, n)
		}
	}
	return nil, content("%s: an INI file holds single values in sections, as in [\"section\"][\"key\"]", a)
}

// find returns the first section of that name.
func (d *document) find(name string) *initext.Section {
	for _, sec := range d.sections {
		if sec.Name == name {
			return sec
		}
	}
	return nil
}

func (d *document) setKey(name, key string, n *tree.Scalar) ([]format.Edit, error) {
	sec := d.find(name)
	if sec == nil {
		return d.setSection(name, &tree.Map{Items: []tree.Item{{Key: key, Value: n}}})
	}
	e := sec.LineOf(key)
	if e == nil {
		return d.addLine(sec, key, n)
	}
	text, err := scalarText(n.Value)
	if err != nil {
		return nil, err
	}
	if e.Value.Text == text {
		return nil, nil
	}
	return d.rewrite(e, text)
}

// rewrite gives a line another value.
func (d *document) rewrite(e *initext.Entry, text string) ([]format.Edit, error) {
	v := e.Value
	quotes := initext.Spellings(text)
	if v.Quote != "" {
		quotes = append([]string{v.Quote}, quotes...)
	}
	rest := d.src[v.Outer.End:max(v.Outer.End, v.Tail.End)]
	before, after := "", ""
	if v.Outer.Empty() {
		before, after = d.gaps(e)
	}
	written, ok := initext.Spell(text, after+rest, quotes...)
	if !ok && rest != "" {
		return d.commentAbove(e, text, quotes)
	}
	if !ok {
		return nil, content("an INI file cannot hold the value of %q", e.Name)
	}
	return []format.Edit{{Start: v.Outer.Start, End: v.Outer.End, Text: before + written + after}}, nil
}

// commentAbove gives a line another value that needs quotes which its comment
// holds too: the comment moves to a line above.
func (d *document) commentAbove(e *initext.Entry, text string, quotes []string) ([]format.Edit, error) {
	written, ok := initext.Spell(text, "", quotes...)
	if !ok {
		return nil, content("an INI file cannot hold the value of %q", e.Name)
	}
	above := d.src[e.Start:e.Key.Start] + e.Value.Tail.Of(d.src) + d.eol()
	return []format.Edit{
		{Start: e.Start, End: e.Start, Text: above},
		{Start: e.Value.Outer.Start, End: e.Value.Tail.End, Text: written},
	}, nil
}

// gaps returns the blanks that a value needs on either side where there was
// none: one if there is one before the delimiter, one before a comment.
func (d *document) gaps(e *initext.Entry) (before, after string) {
	if lead, _, trail := d.delimiter(e); lead != "" && trail == "" {
		before = " "
	}
	if !e.Value.Tail.Empty() {
		after = " "
	}
	return before, after
}

// addLine adds a key after the last of its section.
func (d *document) addLine(sec *initext.Section, key string, n *tree.Scalar) ([]format.Edit, error) {
	l, err := renderLine(key, n)
	if err != nil {
		return nil, err
	}
	at, text := sec.Next, l.key+" = "+l.written
	if sec.Header.Empty() && at < len(d.src) {
		text += d.eol() // a blank line before the first section
	}
	if len(sec.Keys) > 0 {
		last := sec.Keys[len(sec.Keys)-1]
		at = last.Value.Next
		text = d.inStyle(sec, last, l)
	}
	return d.insertLine(at, text), nil
}

// insertLine makes text a line of its own at the start of a line or the end of
// the file. A file without a last line break still has none.
func (d *document) insertLine(at int, text string) []format.Edit {
	if at == len(d.src) && strings.HasSuffix(strings.TrimRightFunc(d.src, unicode.IsSpace), `\`) {
		text = d.eol() + text // a blank line ends the value above
	}
	if at == len(d.src) && at > initext.BOM(d.src) && d.src[at-1] != '\n' {
		text = d.eol() + text
	} else {
		text += d.eol()
	}
	return []format.Edit{{Start: at, End: at, Text: text}}
}

// inStyle writes a line like last: same indentation, same text around the
// delimiter, which stays in its column where the section has one.
func (d *document) inStyle(sec *initext.Section, last *initext.Entry, l line) string {
	lead, sign, trail := d.delimiter(last)
	width := 0
	for _, e := range sec.Keys {
		before, _, after := d.delimiter(e)
		if before != lead || len(before) > 1 {
			width = e.Key.End - e.Key.Start + len(before)
		}
		if last.Value.Outer.Empty() && !e.Value.Outer.Empty() {
			trail = after
		}
	}
	if width > 0 {
		lead = strings.Repeat(" ", max(width-len(l.key), 1))
	}
	return d.indent(last.Start) + l.key + lead + sign + trail + l.written
}

// delimiter returns the text between key and value: what is before the
// sign, the sign, and what is after it.
func (d *document) delimiter(e *initext.Entry) (lead, sign, trail string) {
	gap := d.src[e.Key.End:e.Value.Outer.Start]
	i := initext.First(gap, initext.Delimiters)
	return blanks(gap[:i]), gap[i : i+1], blanks(gap[i+1:])
}

// blanks returns s without anything else, such as stray text after quotes.
func blanks(s string) string {
	if strings.Trim(s, " \t") != "" {
		return " "
	}
	return s
}

// setSection replaces the keys of a section, or appends a new section.
func (d *document) setSection(name string, m *tree.Map) ([]format.Edit, error) {
	lines, comment, err := renderLines(name, m)
	if err != nil {
		return nil, err
	}
	if name == "" || strings.ContainsAny(name, "\n\r") || name == initext.Reserved {
		return nil, content("a section cannot have the name %q", name)
	}
	var b bytes.Buffer
	sec := d.find(name)
	if sec == nil {
		writeComment(&b, comment)
		b.WriteString("[" + name + "]\n")
		writeLines(&b, lines)
		return d.appendSection(b.String()), nil
	}
	if old, ok := d.root.Get(name); ok && sameKeys(old, m) {
		return nil, nil
	}
	end := sec.Next
	if n := len(sec.Keys); n > 0 {
		end = sec.Keys[n-1].Value.Next
	}
	if end > initext.BOM(d.src) && d.src[end-1] != '\n' && len(lines) > 0 {
		b.WriteByte('\n')
	}
	writeLines(&b, lines)
	text := strings.ReplaceAll(b.String(), "\n", d.eol())
	return []format.Edit{{Start: sec.Next, End: end, Text: text}}, nil
}

func sameKeys(a tree.Node, b *tree.Map) bool {
	m, ok := a.(*tree.Map)
	return ok && tree.Diff([]*tree.Map{m}, []*tree.Map{b}) == ""
}

// appendSection adds a section after a blank line, before the metadata.
func (d *document) appendSection(text string) []format.Edit {
	eol := d.eol()
	text = strings.ReplaceAll(text, "\n", eol)
	at := len(d.src)
	if d.block != nil {
		at = d.block.Start
		return []format.Edit{{Start: at, End: at, Text: text + eol}}
	}
	switch {
	case at <= initext.BOM(d.src) || strings.HasSuffix(d.src, "\n"+eol):
	case d.src[at-1] == '\n':
		text = eol + text
	default:
		text = eol + eol + strings.TrimSuffix(text, eol)
	}
	return []format.Edit{{Start: at, End: at, Text: text}}
}
