package merge

import (
	"slices"

	"github.com/seed-1f7fdfb8/sops/internal/diff3"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// lists merges two lists; a nil base is an empty one. A conflict is about the
// whole list: elements have no names, so that no part of it can be shown alone.
func (m *merger) lists(at tree.Address, o, a, b *tree.List) tree.Node {
	if o == nil {
		o = &tree.List{}
	}
	for _, id := range []identity{byField("name"), byField("id"), byField("key")} {
		if unique(o, id) && unique(a, id) && unique(b, id) && len(a.Items)+len(b.Items) > 0 {
			merged, kind := m.byName(at, o, a, b, id, func(i int) (tree.Address, int) {
				return append(at[:len(at):len(at)], tree.Step{Index: i}), m.document
			})
			if kind != "" {
				m.conflict(at, kind, o, a, b)
			}
			return merged
		}
	}
	return m.byOrder(at, o, a, b)
}

// An identity returns the text by which an element is the same one in all states.
type identity func(n tree.Node) (string, bool)

func byField(name string) identity {
	return func(n tree.Node) (string, bool) {
		m, ok := n.(*tree.Map)
		if !ok {
			return "", false
		}
		return text(m, name)
	}
}

func text(m *tree.Map, name string) (string, bool) {
	v, _ := m.Get(name)
	s, ok := v.(*tree.Scalar)
	if !ok || s.Value.Kind() == tree.Null || s.Value.Empty() {
		return "", false
	}
	return key(s), true
}

// kubernetes is the identity of an object of Kubernetes.
func kubernetes(n tree.Node) (string, bool) {
	m, ok := n.(*tree.Map)
	if !ok {
		return "", false
	}
	kind, hasKind := text(m, "kind")
	v, _ := m.Get("metadata")
	meta, ok := v.(*tree.Map)
	if !ok || !hasKind {
		return "", false
	}
	name, named := text(meta, "name")
	namespace, _ := text(meta, "namespace")
	return kind + namespace + "/" + name, named
}

// unique reports whether all elements have an identity, and none the same.
func unique(l *tree.List, id identity) bool {
	seen := map[string]bool{}
	for _, n := range l.Items {
		if tree.IsComment(n) {
			continue
		}
		name, ok := id(n)
		if !ok || seen[name] {
			return false
		}
		seen[name] = true
	}
	return true
}

// named returns the list as a map by identities.
func named(l *tree.List, id identity) *tree.Map {
	out := &tree.Map{}
	for _, n := range l.Items {
		it := tree.Item{Value: n}
		if !tree.IsComment(n) {
			it.Key, _ = id(n)
		}
		out.Items = append(out.Items, it)
	}
	return out
}

// byName merges lists whose elements have names. The kind is that of a conflict
// about the list as a whole, "" if there is none: an element is gone here and
// changed there, or both put the elements into another order. place says where an
// element is.
func (m *merger) byName(at tree.Address, o, a, b *tree.List, id identity, place func(i int) (tree.Address, int)) (merged *tree.List, kind Kind) {
	inner := &merger{options: m.options}
	s := inner.sides(false, named(o, id), named(a, id), named(b, id))
	names, ordered := s.listOrder()
	if !ordered {
		return a, Order
	}
	var parts []part
	for _, name := range names {
		here, document := place(elements(parts))
		inner.document = document
		before := len(inner.conflicts)
		p := inner.element(here, s, name)
		for _, c := range inner.conflicts[before:] {
			if len(c.At) == len(here) && c.Kind == DeleteModify {
				return a, List
			}
			if len(c.At) == len(here) {
				return a, c.Kind
			}
		}
		parts = append(parts, p...)
	}
	m.conflicts, m.notes = append(m.conflicts, inner.conflicts...), append(m.notes, inner.notes...)
	return listFrom(parts, m.lines(at, s.tail[0], s.tail[1], s.tail[2])), ""
}

// element merges the elements of one name.
func (m *merger) element(here tree.Address, s *sides, name string) []part {
	var states [3]*part
	var n [3]tree.Node
	for i := range states {
		if states[i] = s.by[i][name]; states[i] != nil {
			n[i] = states[i].value
		}
	}
	before := len(m.conflicts)
	p := part{id: name, value: m.node(here, n[0], n[1], n[2])}
	m.commentsOf(here, &p, states[0], states[1], states[2])
	p.lead = slices.Concat(p.lead, m.strays(m.conflicts[before:], p, states))
	if p.value == nil && len(p.lead) == 0 {
		return nil
	}
	return []part{p}
}

// listOrder returns the names in the order of the side that changed it, and
// whether there is one.
func (s *sides) listOrder() (ids []string, ok bool) {
	common := func(i, of int) []string {
		var out []string
		for _, p := range s.parts[i] {
			if s.by[of][p.id] != nil && s.by[3-of-i][p.id] != nil {
				out = append(out, p.id)
			}
		}
		return out
	}
	// Of the elements that all three have.
	o, a, b := common(0, 1), common(1, 0), common(2, 0)
	if slices.Equal(o, a) && !slices.Equal(o, b) {
		s.parts[1], s.parts[2] = s.parts[2], s.parts[1]
		s.by[1], s.by[2] = s.by[2], s.by[1]
		ids = order(s)
		s.parts[1], s.parts[2] = s.parts[2], s.parts[1]
		s.by[1], s.by[2] = s.by[2], s.by[1]
		return ids, true
	}
	return order(s), slices.Equal(o, b) || slices.Equal(a, b)
}

func elements(parts []part) int {
	n := 0
	for _, p := range parts {
		if p.value != nil {
			n++
		}
	}
	return n
}

func listFrom(parts []part, tail []comment) *tree.List {
	l := &tree.List{}
	for _, it := range itemsOf(parts, tail) {
		l.Items = append(l.Items, it.Value)
	}
	return l
}

// listParts divides a list as partsOf does a map. The ids are what the elements
// hold.
func listParts(l *tree.List) (parts []part, ids []string, tail []comment) {
	items := make([]tree.Item, len(l.Items))
	for i, n := range l.Items {
		items[i].Value = n
	}
	parts, tail = partsOf(items)
	for _, p := range parts {
		ids = append(ids, key(p.value))
	}
	return parts, ids, tail
}

// byOrder merges lists as diff3 merges lines.
func (m *merger) byOrder(at tree.Address, o, a, b *tree.List) tree.Node {
	base, baseIDs, baseTail := listParts(o)
	ours, ourIDs, ourTail := listParts(a)
	theirs, theirIDs, theirTail := listParts(b)
	var out []part
	for _, c := range diff3.Chunks(baseIDs, ourIDs, theirIDs) {
		fromOurs, fromTheirs := diff3.Part(ours, c.Ours), diff3.Part(theirs, c.Theirs)
		switch {
		case c.Conflicts() && m.options.ListUnion && c.Base.Len() == 0:
			out = append(append(out, fromOurs...), without(fromTheirs, diff3.Part(ourIDs, c.Ours))...)
		case c.Conflicts():
			m.conflict(at, List, o, a, b)
			return a
		case !c.OursChanged && !c.TheirsChanged:
			for i, p := range fromOurs {
				p.value = m.node(at, base[c.Base.Start+i].value, p.value, fromTheirs[i].value) // equal, but for comments
				m.commentsOf(at, &p, &base[c.Base.Start+i], &fromOurs[i], &fromTheirs[i])
				out = append(out, p)
			}
		case c.OursChanged:
			out = append(out, withComments(fromOurs, diff3.Part(base, c.Base), fromTheirs)...)
		default:
			out = append(out, withComments(fromTheirs, diff3.Part(base, c.Base), fromOurs)...)
		}
	}
	return listFrom(out, m.lines(at, baseTail, ourTail, theirTail))
}

// without returns the parts whose values are not among ids.
func without(parts []part, ids []string) []part {
	return slices.DeleteFunc(slices.Clone(parts), func(p part) bool { return slices.Contains(ids, key(p.value)) })
}

// withComments returns the parts of the side that changed them, with the comments
// that the other side wrote there.
func withComments(changed, base, other []part) []part {
	texts := func(parts []part) (out []comment) {
		for _, p := range parts {
			out = append(out, p.lead...)
		}
		return out
	}
	written := kept(slices.Concat(texts(base), texts(changed)), texts(other))
	if len(written) == 0 {
		return changed
	}
	if len(changed) == 0 {
		return []part{{lead: written}}
	}
	out := slices.Clone(changed)
	out[0].lead = slices.Concat(out[0].lead, written)
	return out
}
