package dotenv

import (
	"bytes"

	"github.com/seed-1f7fdfb8/sops/doc"
	"github.com/seed-1f7fdfb8/sops/tree"
)

func (d *document) SetMeta(meta *tree.Map) ([]byte, error) {
	texts := make([]string, len(d.lines))
	for i, l := range d.lines {
		texts[i] = l.text
	}
	return d.withMeta(texts, meta)
}

// withMeta returns the lines with new metadata. A metadata line whose name
// stays is replaced where it stands, and a new name follows the one before it.
// All lines end in a line feed alone: SOPS refuses a CR in the metadata.
func (d *document) withMeta(texts []string, m *tree.Map) ([]byte, error) {
	flat, err := tree.Flatten(m)
	if err != nil {
		return nil, &doc.Error{Msg: err.Error(), Content: true}
	}
	added := d.place(flat)
	size := 4096 // of the metadata, mostly
	for _, text := range texts {
		size += len(text) + 1
	}
	var b bytes.Buffer
	b.Grow(size)
	for i, text := range texts {
		for _, own := range added[i] {
			b.WriteString(own)
			b.WriteByte('\n')
		}
		if d.lines[i].kind != metadata {
			b.WriteString(text)
			b.WriteByte('\n')
		}
	}
	for _, own := range added[len(texts)] {
		b.WriteString(own)
		b.WriteByte('\n')
	}
	return b.Bytes(), nil
}

// place says which metadata lines are written where each line stands; those of
// a new block go behind the last line.
func (d *document) place(flat []tree.FlatLine) map[int][]string {
	stands := map[string]int{}
	at := len(d.lines)
	for i, l := range d.lines {
		if l.kind == metadata {
			stands[l.metaName()] = i
			at = min(at, i)
		}
	}
	added := map[int][]string{}
	for _, f := range flat {
		i, old := stands[f.Name]
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
