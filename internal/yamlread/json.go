package yamlread

import (
	"encoding/json"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxDepth bounds the nesting of what JSON writes.
const maxDepth = 64

// JSON returns a document of another language that is in the file as YAML or
// JSON, or as a text that holds JSON. Scalars stay texts as they are written: a
// version is no date, and an account id no number.
func (r *Reader) JSON(n Node) string {
	y := r.deref(n)
	if y == nil {
		return "null"
	}
	if y.Kind == yaml.ScalarNode {
		return y.Value
	}
	var b strings.Builder
	r.writeJSON(&b, Node{y}, 0)
	return b.String()
}

func (r *Reader) writeJSON(b *strings.Builder, n Node, depth int) {
	y := r.deref(n)
	switch {
	case y == nil:
		b.WriteString("null")
	case depth > maxDepth:
		if r.left >= 0 {
			r.Fail(n, "", "this is nested too deeply")
			r.left = -2
		}
		b.WriteString("null")
	case y.Kind == yaml.MappingNode:
		r.writeAll(b, y, depth, "{", "}", 2)
	case y.Kind == yaml.SequenceNode:
		r.writeAll(b, y, depth, "[", "]", 1)
	default:
		b.Write(quoteJSON(y.Value))
	}
}

// writeAll writes the content of a collection, step nodes an element.
func (r *Reader) writeAll(b *strings.Builder, y *yaml.Node, depth int, left, right string, step int) {
	indent := "\n" + strings.Repeat("  ", depth)
	b.WriteString(left)
	for i := 0; i+step <= len(y.Content); i += step {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(indent + "  ")
		if step == 2 {
			b.Write(quoteJSON(r.Text(Node{y.Content[i]}, "a key").Value))
			b.WriteString(": ")
		}
		r.writeJSON(b, Node{y.Content[i+step-1]}, depth+1)
		if r.left < 0 {
			break
		}
	}
	if len(y.Content) > 0 {
		b.WriteString(indent)
	}
	b.WriteString(right)
}

func quoteJSON(s string) []byte {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(s) != nil {
		return []byte(`""`)
	}
	return []byte(strings.TrimSuffix(b.String(), "\n"))
}

// Find follows a path of keys and indexes as far as it leads and returns the
// node there; of a mapping's entry it is the key, which is where one looks.
func Find(n Node, path []string) Node {
	y, at := n.yaml, n.yaml
	for _, step := range path {
		for y != nil && y.Kind == yaml.AliasNode {
			y = y.Alias
		}
		key, value := child(y, step)
		if key == nil {
			break
		}
		at, y = key, value
	}
	return Node{at}
}

// child returns the key and the value of a step down, or nil.
func child(n *yaml.Node, step string) (key, value *yaml.Node) {
	if n == nil {
		return nil, nil
	}
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == step {
				return n.Content[i], n.Content[i+1]
			}
		}
	case yaml.SequenceNode:
		if i, err := strconv.Atoi(step); err == nil && i >= 0 && i < len(n.Content) {
			return n.Content[i], n.Content[i]
		}
	}
	return nil, nil
}
