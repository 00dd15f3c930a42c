package dotenv

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// Set replaces the value of the first line with the key, or adds a line after
// the last pair.
func (d *document) Set(a tree.Address, n tree.Node) ([]byte, error) {
	key, err := single(a)
	if err != nil {
		return nil, err
	}
	if tree.IsComment(n) {
		return nil, &format.Error{Msg: "a comment cannot be set as a value", Content: true}
	}
	text, err := render(tree.Item{Key: key, Value: n})
	if err != nil {
		return nil, err
	}
	if i := d.find(key); i >= 0 {
		return d.join(slices.Replace(d.texts(), i, i+1, text)), nil
	}
	return d.join(slices.Insert(d.texts(), d.afterLast(), text)), nil
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

func (d *document) find(key string) int {
	return slices.IndexFunc(d.lines, func(l line) bool { return l.kind == pair && l.key() == key })
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

// Unset removes the first line with the key. Comments above it stay.
func (d *document) Unset(a tree.Address) ([]byte, error) {
	key, err := single(a)
	if err != nil {
		return nil, err
	}
	i := d.find(key)
	if i < 0 {
		return nil, fmt.Errorf("component %s: %w: no such key", a, tree.ErrNotFound)
	}
	return d.join(slices.Delete(d.texts(), i, i+1)), nil
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
