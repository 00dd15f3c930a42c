package yaml

import (
	"slices"

	"github.com/seed-1f7fdfb8/sops/internal/yamltext"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// value returns the wire node of a node, which is under a key or in a list.
func (r *reader) value(id yamltext.ID, isKey bool) (tree.Node, error) {
	switch r.file.Node(id).Kind {
	case yamltext.Mapping:
		m := &tree.Map{}
		return m, r.mapping(m, id, isKey, false)
	case yamltext.Sequence:
		l := &tree.List{}
		return l, r.sequence(l, id, isKey)
	case yamltext.Alias:
		return r.alias(id, isKey)
	}
	return r.scalar(id)
}

// sequence adds a list; own as for mapping.
func (r *reader) sequence(l *tree.List, id yamltext.ID, own bool) error {
	leave, err := r.enter(id)
	if err != nil {
		return err
	}
	if own {
		r.elements(l, id, yamltext.Head, false)
		r.elements(l, id, yamltext.Inline, false)
	}
	l.Items = slices.Grow(l.Items, int(r.file.Node(id).Len)+r.commentsIn(id))
	for e := r.file.First(id); e != yamltext.None; e = r.file.Next(e) {
		r.elements(l, e, yamltext.Head, false)
		r.elements(l, e, yamltext.Inline, true)
		v, err := r.value(e, false)
		if err != nil {
			return err
		}
		l.Items = append(l.Items, v)
		r.elements(l, e, yamltext.Foot, false)
	}
	r.leave(id, leave)
	return nil
}

// alias adds a copy of what the alias refers to.
func (r *reader) alias(id yamltext.ID, isKey bool) (tree.Node, error) {
	target := r.file.Target(id)
	if r.open[target] {
		return nil, r.problem(id, "the alias refers to a collection that holds it")
	}
	if r.via > 0 {
		if inner, ok := r.siteOf[id]; ok {
			s := &r.sites[r.via-1]
			s.uses = append(s.uses, inner)
		}
		return r.value(target, isKey)
	}
	n := r.file.Node(id)
	r.siteOf[id] = len(r.sites)
	r.sites = append(r.sites, site{start: int(n.Start), end: int(n.End), line: int(n.Line), column: r.at.column})
	r.via = len(r.sites)
	v, err := r.value(target, isKey)
	r.via = 0
	r.sites[len(r.sites)-1].value = v
	return v, err
}

func (r *reader) scalar(id yamltext.ID) (tree.Node, error) {
	v, err := valueOf(r.file, id)
	if err != nil {
		return nil, err
	}
	if err := r.copied(id); err != nil {
		return nil, err
	}
	s := r.scalars.New(v, tree.NoRef)
	if r.mute {
		return s, nil
	}
	s.Ref = len(r.leaves)
	l := leafNode{in: s, at: -1, origin: int32(s.Ref), via: int32(r.via)}
	switch {
	case r.via == 0:
		l.at, l.column, l.flow, l.list = int32(id), int32(r.at.column), r.at.flow, r.at.list
		if r.anchor > 0 || r.file.Anchor(id) != "" {
			r.known[id] = s.Ref
		}
	default:
		if origin, ok := r.known[id]; ok {
			l = r.leaves[origin]
			l.in, l.via = s, int32(r.via)
		}
	}
	r.leaves = append(r.leaves, l)
	return s, nil
}

// copied counts what aliases refer to, which grows without bound when they
// stand for each other.
func (r *reader) copied(id yamltext.ID) error {
	if r.via == 0 {
		return nil
	}
	if r.copies++; r.copies > maxCopies {
		return r.problem(id, "aliases refer to more than %d values", maxCopies)
	}
	return nil
}

// before is what a collection changes while it is read.
type before struct {
	at     ctx
	anchor int
}

// enter begins a collection.
func (r *reader) enter(id yamltext.ID) (before, error) {
	b := before{r.at, r.anchor}
	if r.depth++; r.depth > maxDepth {
		return b, r.problem(id, "collections are nested more than %d deep", maxDepth)
	}
	if err := r.copied(id); err != nil {
		return b, err
	}
	if r.file.Anchor(id) != "" {
		r.anchor++
		r.open[id] = true
	}
	if r.via > 0 {
		return b, nil
	}
	n := r.file.Node(id)
	r.at = inside(n, r.at)
	if n.Style == yamltext.Flow && !n.Single {
		r.brackets = append(r.brackets, span{int(n.Start), int(n.End) - 1})
	}
	if from, to := r.file.TagSpan(id); to > from && !r.mute {
		r.tags = append(r.tags, tagged{span: span{from, to}, last: int(n.End), list: n.Kind == yamltext.Sequence})
	}
	return b, nil
}

// inside returns where the entries of a collection are.
func inside(n *yamltext.Node, at ctx) ctx {
	if n.Style == yamltext.Flow {
		return ctx{flow: true, list: at.list, column: at.column}
	}
	return ctx{list: n.Kind == yamltext.Sequence, column: int(n.Column)}
}

func (r *reader) leave(id yamltext.ID, b before) {
	r.depth--
	r.at, r.anchor = b.at, b.anchor
	if len(r.open) > 0 {
		delete(r.open, id)
	}
}
