package dotenv

import (
	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/tree"
)

func (d *document) SetMeta(meta *tree.Map) ([]byte, error) {
	return d.withMeta(func(to []byte, l line) []byte { return append(to, l.text...) }, d.size, meta)
}

// withMeta returns the lines, as write appends them, with new metadata. A
// metadata line whose name stays is replaced where it is, and a new name
// follows the one before it. All lines end in a line feed alone: SOPS refuses a
// CR in the metadata. The text has size bytes, without the metadata.
func (d *document) withMeta(write func([]byte, line) []byte, size int, m *tree.Map) ([]byte, error) {
	flat, err := tree.Flatten(m)
	if err != nil {
		return nil, &format.Error{Msg: err.Error(), Content: true}
	}
	for _, f := range flat {
		size += len(reserved) + len(f.Name) + 2*len(f.Text) + 2
	}
	added := d.place(flat)
	b := make([]byte, 0, size+1)
	for i, l := range d.lines {
		for _, own := range added[i] {
			b = append(append(b, own...), '\n')
		}
		if l.kind != metadata {
			b = append(write(b, l), '\n')
		}
	}
	for _, own := range added[len(d.lines)] {
		b = append(append(b, own...), '\n')
	}
	return b, nil
}

// place says which metadata lines are written in the place of each line; those of
// a new block go after the last line.
func (d *document) place(flat []tree.FlatLine) map[int][]string {
	lineOf := map[string]int{}
	at := len(d.lines)
	for i, l := range d.lines {
		if l.kind == metadata {
			lineOf[l.metaName()] = i
			at = min(at, i)
		}
	}
	added := map[int][]string{}
	for _, f := range flat {
		i, old := lineOf[f.Name]
		if old {
			at = i
		}
		text := reserved + f.Name + "=" + encode(f.Text)
		if old && decode(d.lines[i].metaText()) == f.Text {
			text = d.lines[i].text
		}
		added[at] = append(added[at], text)
	}
	return added
}
