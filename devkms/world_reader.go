package devkms

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/seed-1f7fdfb8/sops/internal/suggest"
)

// A reader walks the nodes of a world file and collects every mistake.
type reader struct {
	name   string
	errs   []error
	budget int // nodes that may yet be visited: aliases can blow a file up
}

// fields are the keys that a mapping may have, and what each sets.
type fields []struct {
	name string
	read func(*yaml.Node)
}

func (f fields) names() []string {
	var out []string
	for _, x := range f {
		out = append(out, x.name)
	}
	return out
}

func (r *reader) fail(n *yaml.Node, format string, args ...any) {
	r.errs = append(r.errs, fmt.Errorf("%s:%d: %s", r.name, n.Line, fmt.Sprintf(format, args...)))
}

// resolve follows a YAML alias, and spends from the budget.
func (r *reader) resolve(n *yaml.Node) *yaml.Node {
	r.budget--
	if r.budget == 0 {
		r.fail(n, "the file is too large, or its aliases go round in circles")
	}
	if r.budget <= 0 {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Line: n.Line}
	}
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// fields reads a mapping whose keys are known.
func (r *reader) fields(n *yaml.Node, what string, known fields, required ...string) {
	seen := map[string]bool{}
	r.entries(n, what, func(k, v *yaml.Node) {
		seen[k.Value] = true
		for _, f := range known {
			if f.name == k.Value {
				f.read(v)
				return
			}
		}
		r.fail(k, "%s has no %q%s", what, k.Value, didYouMean(k.Value, known.names()))
	})
	for _, name := range required {
		if !seen[name] {
			r.fail(n, "%s needs %q", what, name)
		}
	}
}

// entries reads a mapping whose keys are names; it must not hold one twice.
func (r *reader) entries(n *yaml.Node, what string, f func(k, v *yaml.Node)) {
	n = r.resolve(n)
	if isNull(n) {
		return
	}
	if n.Kind != yaml.MappingNode {
		r.fail(n, "%s: want a mapping, have %s", what, kindName(n))
		return
	}
	lines := map[string]int{}
	for i := 0; i+1 < len(n.Content) && r.budget > 0; i += 2 {
		k := r.resolve(n.Content[i])
		if first, twice := lines[k.Value]; twice {
			r.fail(k, "%q appears twice; first in line %d", k.Value, first)
			continue
		}
		lines[k.Value] = k.Line
		f(k, n.Content[i+1])
	}
}

// items reads a list.
func (r *reader) items(n *yaml.Node, what string, f func(*yaml.Node)) {
	n = r.resolve(n)
	if isNull(n) {
		return
	}
	if n.Kind != yaml.SequenceNode {
		r.fail(n, "%s: want a list, have %s", what, kindName(n))
		return
	}
	for _, v := range n.Content {
		if r.budget > 0 {
			f(v)
		}
	}
}

// text reads a scalar as it is spelled: an account id may begin with a zero.
func (r *reader) text(n *yaml.Node) string {
	n = r.resolve(n)
	if n.Kind != yaml.ScalarNode || isNull(n) {
		r.fail(n, "want a text, have %s", kindName(n))
		return ""
	}
	return n.Value
}

func (r *reader) number(n *yaml.Node) int {
	text := r.text(n)
	i, err := strconv.Atoi(text)
	if err != nil {
		r.fail(n, "want a number, have %q", text)
	}
	return i
}

func (r *reader) texts(n *yaml.Node) []string {
	var out []string
	r.items(n, "this", func(v *yaml.Node) { out = append(out, r.text(v)) })
	return out
}

func (r *reader) tags(n *yaml.Node) map[string]string {
	out := map[string]string{}
	r.entries(n, "tags", func(k, v *yaml.Node) { out[k.Value] = r.text(v) })
	return out
}

func (r *reader) policies(n *yaml.Node) []*Policy {
	var out []*Policy
	r.items(n, "policies", func(v *yaml.Node) { out = append(out, r.policy(v)) })
	return out
}

// policy reads a policy that stands in the file as YAML or JSON, or as a text
// that holds JSON.
func (r *reader) policy(n *yaml.Node) *Policy {
	n = r.resolve(n)
	text := n.Value
	if n.Kind != yaml.ScalarNode {
		var b strings.Builder
		r.writeJSON(&b, n, "\n")
		text = b.String()
	}
	p, err := ParsePolicy(text)
	if err == nil {
		return p
	}
	at := n
	var pe *PolicyError
	if errors.As(err, &pe) {
		at = find(n, pe.Path)
	}
	r.fail(at, "policy: %v", err)
	return &Policy{}
}

// writeJSON writes a node as JSON. Scalars stay texts as they are spelled: a
// Version is no date here, and an account id no number.
func (r *reader) writeJSON(b *strings.Builder, n *yaml.Node, indent string) {
	n = r.resolve(n)
	if r.budget <= 0 {
		return
	}
	switch n.Kind {
	case yaml.MappingNode:
		r.writeAll(b, n, indent, "{", "}", 2)
	case yaml.SequenceNode:
		r.writeAll(b, n, indent, "[", "]", 1)
	default:
		if isNull(n) {
			b.WriteString("null")
			return
		}
		b.Write(quoteJSON(n.Value))
	}
}

func (r *reader) writeAll(b *strings.Builder, n *yaml.Node, indent, left, right string, step int) {
	b.WriteString(left)
	inner := indent + "  "
	if len(inner) > 2*maxDepth {
		r.fail(n, "a policy is not nested this deeply")
		r.budget = 0
		return
	}
	for i := 0; i+step <= len(n.Content) && r.budget > 0; i += step {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(inner)
		if step == 2 {
			b.Write(quoteJSON(r.resolve(n.Content[i]).Value))
			b.WriteString(": ")
		}
		r.writeJSON(b, n.Content[i+step-1], inner)
	}
	if len(n.Content) > 0 {
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

// find follows path as far as it leads and returns the node there; of a
// mapping's entry it is the key, which is where a reader looks.
func find(n *yaml.Node, path []string) *yaml.Node {
	at := n
	for _, step := range path {
		if n.Kind == yaml.AliasNode {
			n = n.Alias
		}
		next := child(n, step)
		if next == nil {
			return at
		}
		n, at = next[1], next[0]
	}
	return at
}

// child returns the key and the value of a step down, or nil.
func child(n *yaml.Node, step string) []*yaml.Node {
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == step {
				return n.Content[i : i+2]
			}
		}
	case yaml.SequenceNode:
		if i, err := strconv.Atoi(step); err == nil && i >= 0 && i < len(n.Content) {
			return []*yaml.Node{n.Content[i], n.Content[i]}
		}
	}
	return nil
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

func kindName(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case isNull(n):
		return "nothing"
	}
	return "a text"
}

// didYouMean returns a suggestion to add to an error, or "".
func didYouMean(word string, known []string) string {
	if s := suggest.Closest(word, known); s != "" {
		return fmt.Sprintf(" (did you mean %q?)", s)
	}
	return ""
}
