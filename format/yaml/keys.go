package yaml

import (
	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// key returns the text of a key. Only strings can be keys: the path of a value
// is part of what its encryption seals.
func (w *walker) key(k *node) (string, error) {
	n, p := k, place{tag: -1}
	if k.Kind == aliasNode {
		n = k.Alias
		if w.via == 0 {
			start := w.lines.find(k.Line, k.Column)
			end := start + 1 + len(k.Value)
			w.skips = append(w.skips, span{start, end})
			if origin, ok := w.known[n]; ok {
				w.keys = append(w.keys, keyAlias{origin, k.Line - w.shift})
			}
		}
	} else if w.via == 0 && k.Kind == scalarNode {
		w.locate(&p, k)
	}
	if n.Kind == scalarNode {
		v, err := resolve(n)
		if err != nil {
			return "", w.shifted(err)
		}
		if v.Kind() == tree.String {
			return w.piece(&p, v.Str()), nil
		}
	}
	return "", &format.Error{
		Line: k.Line - w.shift, Column: k.Column, Content: true,
		Msg:  "a key is not a string",
		Hint: "put the key in quotes",
	}
}

// alias adds a copy of what the alias stands for.
func (w *walker) alias(n *node, h *holder, key string, isKey bool) (tree.Node, error) {
	target := n.Alias
	if target == nil || w.open[target] {
		return nil, w.problem(n, "the alias stands for a collection that holds it")
	}
	if w.via > 0 {
		if inner, ok := w.siteOf[n]; ok {
			s := &w.sites[w.via-1]
			s.uses = append(s.uses, inner)
		}
		return w.value(target, h, key, isKey)
	}
	w.siteOf[n] = len(w.sites)
	start := w.lines.find(n.Line, n.Column)
	s := site{
		start: start, end: start + 1 + len(n.Value), line: n.Line - w.shift, column: w.at.column,
	}
	w.skips = append(w.skips, span{s.start, s.end})
	w.sites = append(w.sites, s)
	w.via = len(w.sites)
	v, err := w.value(target, h, key, isKey)
	w.via = 0
	w.sites[len(w.sites)-1].value = v
	return v, err
}

// special reports whether a top-level pair with the reserved name is metadata
// or our placeholder, which are no part of the tree.
func (w *walker) special(k *node) bool {
	if w.holder > 0 && k.Line == w.holder {
		w.held = true
		return true
	}
	if w.reserved == 0 {
		w.reserved = k.Line - w.shift
	}
	return w.encrypted
}

// metadata reads the reserved entry. Its key has been located already.
func (w *walker) metadata(k, v *node) error {
	placeholder := w.holder > 0 && k.Line == w.holder
	start := w.lines.find(k.Line, k.Column)
	w.mute = true
	value, err := w.value(v, nil, "", true)
	w.mute = false
	if err != nil || placeholder {
		return err
	}
	p := &w.parts[len(w.parts)-1]
	p.meta = metaSpan{found: true, start: start, column: k.Column - 1, flow: v.Style&flowStyle != 0, next: len(w.skips)}
	p.meta.end = w.skips[len(w.skips)-1].end
	if v.Kind == mappingNode && !p.meta.flow && len(v.Content) > 0 {
		p.meta.indent = v.Content[0].Column - k.Column
	}
	if w.meta == nil && len(w.parts) == 1 {
		w.meta = value
	}
	return nil
}

// rootStyle remembers how the root of the current document is written.
func (w *walker) rootStyle(n *node) {
	p := &w.parts[len(w.parts)-1]
	p.flow = n.Style&flowStyle != 0
	p.open = w.opening
	p.column = max(w.at.column, 0)
}

// A keySet finds keys that come twice. Maps are mostly small: a hash table is
// only made for the others.
type keySet struct {
	list  []string
	lines []int
	table map[string]int
}

const smallSet = 8

func newKeySet(n int) *keySet {
	if n > smallSet {
		return &keySet{table: make(map[string]int, n)}
	}
	return &keySet{list: make([]string, 0, n), lines: make([]int, 0, n)}
}

// add returns the line on which key came before, 0 if it is new.
func (s *keySet) add(key string, line int) int {
	if s.table != nil {
		if first := s.table[key]; first > 0 {
			return first
		}
		s.table[key] = line
		return 0
	}
	for i, k := range s.list {
		if k == key {
			return s.lines[i]
		}
	}
	s.list, s.lines = append(s.list, key), append(s.lines, line)
	return 0
}
