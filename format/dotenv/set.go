package dotenv

import (
	"fmt"
	"strings"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// Apply replaces the values of the first lines with a key, adds lines after the
// last pair and removes lines. Comments above them stay.
func (d *document) Apply(changes []format.Change) (format.Document, error) {
	texts, added := d.texts(), []string(nil)
	lineOf := d.index()
	gone := map[int]bool{}
	for _, c := range changes {
		key, err := single(c.At)
		if err != nil {
			return nil, err
		}
		i, ok := lineOf[key]
		if c.New == nil {
			if !ok {
				return nil, fmt.Errorf("component %s: %w: no such key", c.At, tree.ErrNotFound)
			}
			gone[i] = true
			continue
		}
		if tree.IsComment(c.New) {
			return nil, &format.Error{Msg: "a comment cannot be set as a value", Content: true}
		}
		text, err := render(tree.Item{Key: key, Value: c.New})
		if err != nil {
			return nil, err
		}
		if ok {
			texts[i] = text
		} else {
			added = append(added, text)
		}
	}
	at := d.afterLast()
	out := make([]string, 0, len(texts)+len(added))
	for i, text := range texts {
		if i == at {
			out = append(out, added...)
		}
		if !gone[i] {
			out = append(out, text)
		}
	}
	if at == len(texts) {
		out = append(out, added...)
	}
	return d.reparse(d.join(out))
}

// reparse reads a text of the same kind.
func (d *document) reparse(text []byte) (format.Document, error) {
	if d.encrypted {
		return Format{}.ParseEncrypted(text)
	}
	return Format{}.Parse(text)
}

// index returns the first line with each key.
func (d *document) index() map[string]int {
	lineOf := make(map[string]int, len(d.lines))
	for i, l := range d.lines {
		if l.kind != pair {
			continue
		}
		if _, again := lineOf[l.key()]; !again {
			lineOf[l.key()] = i
		}
	}
	return lineOf
}

// single returns the key of an address, which has no more to it in dotenv.
func single(a tree.Address) (string, error) {
	if len(a) != 1 || !a[0].IsKey {
		return "", &format.Error{
			Msg:     fmt.Sprintf("%s: dotenv has no maps and no lists, an address is one key", a),
			Hint:    `write it as '["KEY"]'`,
			Content: true,
		}
	}
	return a[0].Key, nil
}

// afterLast returns where a new pair goes.
func (d *document) afterLast() int {
	for i := len(d.lines) - 1; i >= 0; i-- {
		if d.lines[i].kind == pair {
			return i + 1
		}
	}
	return len(d.lines)
}

func (d *document) texts() []string {
	texts := make([]string, len(d.lines))
	for i, l := range d.lines {
		texts[i] = l.text
	}
	return texts
}

// join makes a file of lines. The last one ends as it did before.
func (d *document) join(texts []string) []byte {
	out := strings.Join(texts, "\n")
	if len(texts) > 0 && !d.open {
		out += "\n"
	}
	if d.bom {
		out = bom + out
	}
	return []byte(out)
}
