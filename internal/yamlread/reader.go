package yamlread

import (
	"fmt"

	"go.yaml.in/yaml/v3"
)

// A Reader turns nodes into values. It collects what is wrong and goes on, so
// that one run finds all mistakes.
type Reader struct {
	Problems []Problem
	left     int // nodes that may still be looked at
}

// NewReader returns a reader for a file of so many bytes. The size bounds the
// work: aliases of aliases can mean more nodes than any memory holds.
func NewReader(size int) *Reader { return &Reader{left: 50_000 + 4*size} }

// Fail notes a mistake at a node.
func (r *Reader) Fail(n Node, hint, format string, args ...any) {
	r.FailAt(n.At(), hint, format, args...)
}

// FailAt notes a mistake at a place.
func (r *Reader) FailAt(p Place, hint, format string, args ...any) {
	if r.left < -1 {
		return // what follows from having stopped is no mistake of its own
	}
	r.Problems = append(r.Problems, Problem{p, fmt.Sprintf(format, args...), hint})
}

// deref returns what n means, or nil where it is null or the file has used up
// its nodes.
func (r *Reader) deref(n Node) *yaml.Node {
	y := n.yaml
	for y != nil && y.Kind == yaml.AliasNode {
		y = y.Alias
	}
	r.left--
	if r.left < 0 {
		if r.left == -1 {
			r.Fail(n, "write the values out instead of nesting aliases", "the aliases mean too many nodes")
		}
		return nil
	}
	if y == nil || y.Kind == yaml.ScalarNode && y.ShortTag() == "!!null" {
		return nil
	}
	return y
}

// IsNull reports whether n is null.
func (r *Reader) IsNull(n Node) bool { return r.deref(n) == nil }

// IsList reports whether n is a sequence.
func (r *Reader) IsList(n Node) bool {
	y := r.deref(n)
	return y != nil && y.Kind == yaml.SequenceNode
}

// Items returns the elements of a list that are not null.
func (r *Reader) Items(n Node, what string) []Node {
	y := r.deref(n)
	if y == nil {
		return nil
	}
	if y.Kind != yaml.SequenceNode {
		r.Fail(Node{y}, "begin each element with a dash", "%s must be a list, not %s", what, kindOf(y))
		return nil
	}
	var list []Node
	for _, item := range y.Content {
		if v := r.deref(Node{item}); v != nil {
			list = append(list, Node{v})
		}
	}
	return list
}

// Text reads a string; numbers and booleans count as they are written. Null is
// the empty string.
func (r *Reader) Text(n Node, what string) Text {
	y := r.deref(n)
	if y == nil {
		return Text{At: n.At()}
	}
	if y.Kind != yaml.ScalarNode {
		r.Fail(Node{y}, "", "%s must be a text, not %s", what, kindOf(y))
		return Text{At: n.At()}
	}
	return Text{y.Value, Node{y}.At()}
}

// Texts reads a list of strings, or one string.
func (r *Reader) Texts(n Node, what string) []Text {
	y := r.deref(n)
	switch {
	case y == nil:
		return nil
	case y.Kind == yaml.ScalarNode:
		return []Text{r.Text(Node{y}, what)}
	case y.Kind != yaml.SequenceNode:
		r.Fail(Node{y}, "", "%s must be a text or a list of texts, not %s", what, kindOf(y))
		return nil
	}
	var list []Text
	for _, item := range y.Content {
		list = append(list, r.Text(Node{item}, "an element of "+what))
	}
	return list
}

// Pairs reads a mapping of texts. Null is no text: it is more likely a
// forgotten value than an empty one.
func (r *Reader) Pairs(n Node, what string) map[string]Text {
	all := map[string]Text{}
	for _, e := range r.Entries(n, what) {
		if r.IsNull(e.Value) {
			r.Fail(e.Key, `write "" for an empty text`, "%q in %s has no value", e.Name, what)
			continue
		}
		all[e.Name] = r.Text(e.Value, fmt.Sprintf("%q in %s", e.Name, what))
	}
	return all
}

// Bool reads true or false; null is not set.
func (r *Reader) Bool(n Node, what string) (value, set bool) {
	y := r.deref(n)
	if y == nil {
		return false, false
	}
	if y.Kind != yaml.ScalarNode || y.Decode(&value) != nil {
		r.Fail(Node{y}, "write true or false, without quotes", "%s must be true or false, not %s", what, kindOf(y))
		return false, false
	}
	return value, true
}

// Number reads a whole number that is not less than least; null is not set.
func (r *Reader) Number(n Node, what string, least int) (value int, set bool) {
	y := r.deref(n)
	if y == nil {
		return 0, false
	}
	var exact float64
	if y.Kind != yaml.ScalarNode || y.Decode(&value) != nil || y.Decode(&exact) != nil || exact != float64(value) {
		r.Fail(Node{y}, "write digits without quotes", "%s must be a whole number, not %s", what, kindOf(y))
		return 0, false
	}
	if value < least {
		r.Fail(Node{y}, "", "%s is %d, less than %d", what, value, least)
		return 0, false
	}
	return value, true
}

// kindOf names what a node is.
func kindOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	switch n.ShortTag() {
	case "!!int":
		return "a number"
	case "!!float":
		return "a number with a fraction"
	case "!!bool":
		return "true or false"
	}
	return "a text"
}
