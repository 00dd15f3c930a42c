package ini

import (
	"slices"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/initext"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// A document is a file as it was scanned. It implements doc.Document.
type document struct {
	src       string
	encrypted bool // read as SOPS reads
	sections  []*initext.Section
	root      *tree.Map
	leaves    []leaf // by Ref
	scalars   tree.Scalars
	block     *initext.Section
	meta      *tree.Map
}

// A leaf is a comment, or a key with all of its lines.
type leaf struct {
	sec   *initext.Section
	lines []*initext.Entry // of a key, or the one a comment belongs to
	note  *initext.Note    // nil for a key
}

// counts returns the line whose value counts.
func (l leaf) counts() *initext.Entry { return l.lines[len(l.lines)-1] }

// owner returns the id of the line that a comment belongs to, and where its key
// or header starts.
func (l leaf) owner() (id string, start int) {
	if len(l.lines) > 0 {
		return l.lines[0].ID(), l.lines[0].Key.Start
	}
	return l.sec.ID(), l.sec.Header.Start
}

// build makes the tree and numbers its leaves.
func (d *document) build() {
	keys := 0
	for _, sec := range d.sections {
		keys += len(sec.Keys)
	}
	d.leaves = make([]leaf, 0, keys)
	for _, sec := range d.sections {
		if sec.Name == initext.Reserved {
			if d.block == nil {
				d.block = sec
			}
			continue
		}
		m := &tree.Map{Items: make([]tree.Item, 0, len(sec.Keys))}
		d.addNote(m, sec, nil, sec.Note)
		for _, lines := range byKey(sec.Keys) {
			d.addKey(m, sec, lines)
		}
		d.addNote(m, sec, nil, sec.Trailing)
		d.root.Items = append(d.root.Items, tree.Item{Key: sec.Name, Value: m})
	}
	d.readMeta()
}

// few is the number of keys that are found without a map.
const few = 16

// byKey groups the lines of one key, in the order of their first.
func byKey(keys []*initext.Entry) [][]*initext.Entry {
	at := map[string]int{} // made where looking through the groups would be slow
	groups := make([][]*initext.Entry, 0, len(keys))
	for i, e := range keys {
		j := -1
		if len(keys) <= few {
			j = slices.IndexFunc(groups, func(g []*initext.Entry) bool { return g[0].Name == e.Name })
		} else if known, ok := at[e.Name]; ok {
			j = known
		}
		if j >= 0 {
			e.Again = len(groups[j])
			groups[j] = append(groups[j], e)
			continue
		}
		if len(keys) > few {
			at[e.Name] = len(groups)
		}
		groups = append(groups, keys[i:i+1:i+1])
	}
	return groups
}

func (d *document) addKey(m *tree.Map, sec *initext.Section, lines []*initext.Entry) {
	l := leaf{sec: sec, lines: lines}
	s := d.scalars.New(tree.StringValue(l.counts().Value.Text), len(d.leaves))
	d.leaves = append(d.leaves, l)
	m.Items = append(m.Items, tree.Item{Key: lines[0].Name, Value: s})
	for i, e := range lines {
		d.addNote(m, sec, lines[i:i+1], e.Note)
	}
}

func (d *document) addNote(m *tree.Map, sec *initext.Section, owner []*initext.Entry, n *initext.Note) {
	if n == nil {
		return
	}
	n.Ref = len(d.leaves)
	d.leaves = append(d.leaves, leaf{sec: sec, lines: owner, note: n})
	m.Items = append(m.Items, tree.Item{Value: &tree.Comment{Text: n.Text, Ref: n.Ref}})
}

// Trees returns the one document of the file.
func (d *document) Trees() []*tree.Map { return []*tree.Map{d.root} }

// Bytes returns the text.
func (d *document) Bytes() []byte { return []byte(d.src) }

// Leaves returns the number of keys and comments.
func (d *document) Leaves() int { return len(d.leaves) }

// Line returns the line of a leaf.
func (d *document) Line(ref int) int {
	switch l := d.leaves[ref]; {
	case l.note != nil:
		return l.note.Line
	default:
		return l.counts().Line
	}
}

// Reserved returns the line of the header [sops].
func (d *document) Reserved() int {
	if d.block == nil {
		return 0
	}
	return d.block.Line
}

// eol returns the line break of the file: that of its first line.
func (d *document) eol() string {
	i := strings.IndexByte(d.src, '\n')
	if i > 0 && d.src[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}

// mixedBreaks reports whether some lines of the file end in another break than
// the rest.
func (d *document) mixedBreaks() bool {
	returns := strings.Count(d.src, "\r\n")
	return returns > 0 && returns < strings.Count(d.src, "\n")
}

// indent returns the blanks at the start of the line at start.
func (d *document) indent(start int) string {
	rest := d.src[start:]
	return rest[:len(rest)-len(strings.TrimLeft(rest, " \t"))]
}
