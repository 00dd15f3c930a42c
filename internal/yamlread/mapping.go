package yamlread

import (
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/seed-1f7fdfb8/sops/internal/suggest"
)

// An Entry is one key of a mapping with its value.
type Entry struct {
	Name  string
	Key   Node // for reports
	Value Node
}

// Entries returns what a mapping holds, merge keys followed: what it says
// itself wins over what it merges, and earlier merges win over later ones.
func (r *Reader) Entries(n Node, what string) []Entry {
	y := r.deref(n)
	if y == nil {
		return nil
	}
	if y.Kind != yaml.MappingNode {
		r.Fail(Node{y}, "", "%s must be a mapping (KEY: VALUE), not %s", what, kindOf(y))
		return nil
	}
	var own []Entry
	var merged []Node
	lines := map[string]int{}
	for i := 0; i+1 < len(y.Content); i += 2 {
		key, value := Node{y.Content[i]}, Node{y.Content[i+1]}
		if key.yaml.ShortTag() == "!!merge" {
			merged = append(merged, value)
			continue
		}
		k := r.deref(key)
		if k == nil || k.Kind != yaml.ScalarNode {
			r.Fail(key, "", "a key in %s must be a name", what)
			continue
		}
		if line, twice := lines[k.Value]; twice {
			r.Fail(key, "keep one of them", "%q appears twice in %s, first on line %d", k.Value, what, line)
			continue
		}
		lines[k.Value] = key.At().Line
		own = append(own, Entry{k.Value, key, value})
	}
	for _, m := range merged {
		for _, e := range r.merge(m, what) {
			if _, have := lines[e.Name]; !have {
				lines[e.Name] = e.Key.At().Line
				own = append(own, e)
			}
		}
	}
	return own
}

// merge returns the entries that the value of a merge key brings.
func (r *Reader) merge(n Node, what string) []Entry {
	y := r.deref(n)
	if y == nil || y.Kind != yaml.SequenceNode {
		if y == nil {
			return nil
		}
		return r.Entries(Node{y}, what)
	}
	var all []Entry
	for _, item := range y.Content {
		all = append(all, r.Entries(Node{item}, what)...)
	}
	return all
}

// A Field is one key that a mapping may hold, with what reads its value.
type Field[T any] struct {
	Name     string
	Read     func(r *Reader, n Node, into *T)
	Required bool
}

// Fields fills into from a mapping of known keys.
func Fields[T any](r *Reader, n Node, what string, table []Field[T], into *T) {
	seen := map[string]bool{}
	for _, e := range r.Entries(n, what) {
		i := slices.IndexFunc(table, func(f Field[T]) bool { return f.Name == e.Name })
		if i < 0 {
			r.unknown(e, what, names(table))
			continue
		}
		seen[e.Name] = true
		table[i].Read(r, e.Value, into)
	}
	for _, f := range table {
		if f.Required && !seen[f.Name] {
			r.Fail(n, "", "%s needs %q", what, f.Name)
		}
	}
}

func (r *Reader) unknown(e Entry, what string, known []string) {
	hint := ""
	if closest := suggest.Closest(e.Name, known); closest != "" {
		hint = `did you mean "` + closest + `"?`
	}
	r.Fail(e.Key, hint, "%s has no %q", what, e.Name)
}

func names[T any](table []Field[T]) []string {
	var list []string
	for _, f := range table {
		list = append(list, f.Name)
	}
	return list
}
