package yaml

import (
	"github.com/seed-1f7fdfb8/sops/internal/yamltext"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// items adds comments of a node to a map.
func (r *reader) items(m *tree.Map, id yamltext.ID, at yamltext.Place, inline bool) {
	if !r.file.Commented(id) {
		return
	}
	for c := range r.file.Comments(id, at) {
		r.item(m, c, inline)
	}
}

func (r *reader) item(m *tree.Map, c int, inline bool) {
	if n := r.comment(c, inline, false); n != nil {
		m.Items = append(m.Items, tree.Item{Value: n})
	}
}

// elements adds comments of a node to a list.
func (r *reader) elements(l *tree.List, id yamltext.ID, at yamltext.Place, inline bool) {
	if !r.file.Commented(id) {
		return
	}
	for c := range r.file.Comments(id, at) {
		if n := r.comment(c, inline, true); n != nil {
			l.Items = append(l.Items, n)
		}
	}
}

func (r *reader) comment(i int, inline, list bool) *tree.Comment {
	if r.mute {
		return nil
	}
	c := &r.file.All()[i]
	n := &tree.Comment{Text: r.file.Text[c.Start+1 : c.End], Inline: inline, Ref: len(r.leaves)}
	if list && n.Text == "" {
		// An empty comment in a list would be an element for other readers.
		n.Text = " "
	}
	l := leafNode{in: n, at: -1, origin: int32(n.Ref), via: int32(r.via)}
	if r.via == 0 {
		r.placed++
		l.at = int32(i)
	}
	r.leaves = append(r.leaves, l)
	return n
}

// lost gives the comments that belong to nothing a place at the end of their
// document, so that they are encrypted as well.
func (r *reader) lost() {
	all := r.file.All()
	if r.placed == len(all) {
		return
	}
	placed := make([]bool, len(all))
	for i := range r.leaves {
		if l := &r.leaves[i]; l.via == 0 && tree.IsComment(l.in) {
			placed[l.at] = true
		}
	}
	before := len(r.leaves)
	for i := range all {
		if !placed[i] && !r.inMeta(int(all[i].Start)) {
			r.append(i, int(all[i].Start))
		}
	}
	if len(r.leaves) > before {
		r.renumber()
	}
}

// append adds a comment at the end of its document.
func (r *reader) append(c, at int) {
	p := 0
	for p < len(r.parts)-1 && at >= r.parts[p].end {
		p++
	}
	r.item(r.trees[p], c, false)
}

// inMeta reports whether a place of the text is in metadata.
func (r *reader) inMeta(at int) bool {
	for i := range r.parts {
		if m := r.parts[i].meta; m.found && at >= m.start && at < lineEnd(r.text, m.end) {
			return true
		}
	}
	return false
}

// renumber makes the numbers of leaves follow their order in the trees.
func (r *reader) renumber() {
	order := make([]int, 0, len(r.leaves))
	for _, m := range r.trees {
		eachLeaf(m, func(ref *int) {
			order = append(order, *ref)
			*ref = len(order) - 1
		})
	}
	place := make([]int32, len(r.leaves))
	leaves := make([]leafNode, len(order))
	for now, old := range order {
		leaves[now] = r.leaves[old]
		place[old] = int32(now)
	}
	for i := range leaves {
		leaves[i].origin = place[leaves[i].origin]
	}
	for i := range r.keys {
		r.keys[i].origin = int(place[r.keys[i].origin])
	}
	r.leaves = leaves
}

// eachLeaf calls f with the number of every scalar and comment in wire order.
func eachLeaf(n tree.Node, f func(ref *int)) {
	switch n := n.(type) {
	case *tree.Map:
		for _, it := range n.Items {
			eachLeaf(it.Value, f)
		}
	case *tree.List:
		for _, it := range n.Items {
			eachLeaf(it, f)
		}
	case *tree.Scalar:
		f(&n.Ref)
	case *tree.Comment:
		f(&n.Ref)
	}
}
