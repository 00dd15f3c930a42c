package config

import (
	"fmt"

	"go.yaml.in/yaml/v3"

	"github.com/seed-1f7fdfb8/sops/keeper"
)

// maxNodes bounds the work on a file of so many bytes: aliases of aliases can
// stand for more nodes than there are bytes in the world.
func maxNodes(size int) int { return 50_000 + 4*size }

// A place is a line and a column of the file.
type place struct{ line, column int }

func at(n *yaml.Node) place { return place{n.Line, n.Column} }

// A text is a string of the file that knows its place.
type text struct {
	value string
	at    place
}

// A reader turns nodes into values. It collects what is wrong and goes on, so
// that one run reports all mistakes.
type reader struct {
	left     int // nodes that may still be looked at
	errors   []Problem
	warnings []Problem
}

func (r *reader) fail(n *yaml.Node, hint, format string, args ...any) {
	if r.left < -1 {
		return // what follows from having stopped is no mistake of its own
	}
	r.errors = append(r.errors, at(n).problem(hint, format, args...))
}

func (r *reader) warn(n *yaml.Node, hint, format string, args ...any) {
	r.warnings = append(r.warnings, at(n).problem(hint, format, args...))
}

// deref returns what n means, or nil where it is null or the file has
// used up its nodes.
func (r *reader) deref(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	r.left--
	if r.left < 0 {
		if r.left == -1 {
			r.fail(n, "write the rules out instead of nesting aliases", "the aliases stand for too many nodes")
		}
		return nil
	}
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" {
		return nil
	}
	return n
}

// An entry is one key of a mapping with its value.
type entry struct {
	name  text
	node  *yaml.Node // the key, for reports
	value *yaml.Node
}

// entries returns what a mapping holds, merge keys followed: what it says
// itself wins over what it merges, and earlier merges win over later ones.
func (r *reader) entries(n *yaml.Node, what string) []entry {
	n = r.deref(n)
	if n == nil {
		return nil
	}
	if n.Kind != yaml.MappingNode {
		r.fail(n, "", "%s must be a mapping (KEY: VALUE), not %s", what, kindOf(n))
		return nil
	}
	var own []entry
	var merged []*yaml.Node
	known := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if k.ShortTag() == "!!merge" {
			merged = append(merged, v)
			continue
		}
		k = r.deref(k)
		if k == nil || k.Kind != yaml.ScalarNode {
			r.fail(n.Content[i], "", "a key in %s must be a name", what)
			continue
		}
		if line, twice := known[k.Value]; twice {
			r.fail(k, "keep one of them", "%q appears twice in %s, first on line %d", k.Value, what, line)
			continue
		}
		known[k.Value] = k.Line
		own = append(own, entry{text{k.Value, at(k)}, k, v})
	}
	for _, m := range merged {
		for _, e := range r.merge(m, what) {
			if _, have := known[e.name.value]; !have {
				known[e.name.value] = e.name.at.line
				own = append(own, e)
			}
		}
	}
	return own
}

// merge returns the entries that the value of a merge key brings.
func (r *reader) merge(n *yaml.Node, what string) []entry {
	n = r.deref(n)
	if n == nil || n.Kind != yaml.SequenceNode {
		if n == nil {
			return nil
		}
		return r.entries(n, what)
	}
	var all []entry
	for _, item := range n.Content {
		all = append(all, r.entries(item, what)...)
	}
	return all
}

// items returns the elements of a list that are not null.
func (r *reader) items(n *yaml.Node, what string) []*yaml.Node {
	n = r.deref(n)
	if n == nil {
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		r.fail(n, "begin each element with a dash", "%s must be a list, not %s", what, kindOf(n))
		return nil
	}
	var list []*yaml.Node
	for _, item := range n.Content {
		if v := r.deref(item); v != nil {
			list = append(list, v)
		}
	}
	return list
}

// text reads a string; numbers and booleans count as they are written.
func (r *reader) text(n *yaml.Node, what string) text {
	n = r.deref(n)
	if n == nil {
		return text{}
	}
	if n.Kind != yaml.ScalarNode {
		r.fail(n, "", "%s must be a text, not %s", what, kindOf(n))
		return text{}
	}
	return text{n.Value, at(n)}
}

// texts reads a list of strings, or one string. Each may hold several items, with
// commas or white space between them, which the kind of key knows to tell apart.
// What holds none does not count.
func (r *reader) texts(n *yaml.Node, what string) []text {
	n = r.deref(n)
	if n == nil {
		return nil
	}
	if n.Kind == yaml.ScalarNode {
		return withItems(nil, r.text(n, what))
	}
	if n.Kind != yaml.SequenceNode {
		r.fail(n, "", "%s must be a text or a list of texts, not %s", what, kindOf(n))
		return nil
	}
	var list []text
	for _, item := range n.Content {
		list = withItems(list, r.text(item, "an element of "+what))
	}
	return list
}

// withItems appends a text that holds an item.
func withItems(list []text, t text) []text {
	if len(keeper.Words(t.value)) == 0 {
		return list
	}
	return append(list, t)
}

// pairs reads a mapping of texts. A null is no text: it is more likely a
// forgotten value than an empty one.
func (r *reader) pairs(n *yaml.Node, what string) map[string]text {
	all := map[string]text{}
	for _, e := range r.entries(n, what) {
		if r.deref(e.value) == nil {
			r.fail(e.node, `write "" for an empty text`, "%q in %s has no value", e.name.value, what)
			continue
		}
		all[e.name.value] = r.text(e.value, fmt.Sprintf("%q in %s", e.name.value, what))
	}
	return all
}

// boolean reads true or false.
func (r *reader) boolean(n *yaml.Node, what string) (value, set bool) {
	n = r.deref(n)
	if n == nil {
		return false, false
	}
	if n.Kind != yaml.ScalarNode || n.Decode(&value) != nil {
		r.fail(n, "write true or false, without quotes", "%s must be true or false, not %s", what, kindOf(n))
		return false, false
	}
	return value, true
}

// number reads a whole number that is not less than least.
func (r *reader) number(n *yaml.Node, what string, least int) (value int, set bool) {
	n = r.deref(n)
	if n == nil {
		return 0, false
	}
	var exact float64
	if n.Kind != yaml.ScalarNode || n.Decode(&value) != nil || n.Decode(&exact) != nil || exact != float64(value) {
		r.fail(n, "write digits without quotes", "%s must be a whole number, not %s", what, kindOf(n))
		return 0, false
	}
	if value < least {
		r.fail(n, "", "%s is %d, less than %d", what, value, least)
		return 0, false
	}
	return value, true
}

// kindOf names what a node is, for people.
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
