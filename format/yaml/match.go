package yaml

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/seed-1f7fdfb8/sops/tree"
)

// The judge tells in which container a comment stands, but not on which byte;
// the bytes tell where comments stand, but not in which container. match joins
// the two: by the line on which a comment should stand, else by text. It
// returns false if their order alone would decide: comments that look alike
// stand in different containers, or are not alike there (an empty one is a blank
// in a list), or the judge does not tell all of them.
func (w *walker) match(g *gaps) (sure bool) {
	taken := make([]bool, len(g.comments))
	sure = true
	left := map[string][]quote{}
	for _, q := range w.quotes {
		i, ok := w.commentOn(q.line, g.comments)
		if ok && !taken[i] && w.sameText(q, g.comments[i]) {
			taken[i] = true
			w.found(q.leaf, g.comments[i])
			continue
		}
		key := strings.TrimRight(q.item.Text, " \t")
		left[key] = append(left[key], q)
	}
	for i, c := range g.comments {
		if taken[i] {
			continue
		}
		key := strings.TrimRight(string(w.text[c.start+1:c.end]), " \t")
		quotes, known := left[key]
		if len(quotes) == 0 {
			w.lost = append(w.lost, c)
			sure = sure && !known
			continue
		}
		w.found(quotes[0].leaf, c)
		if len(quotes) > 1 && (quotes[0].holder.path() != quotes[1].holder.path() || quotes[0].item.Text != quotes[1].item.Text) {
			sure = false
		}
		left[key] = quotes[1:]
	}
	return sure
}

// commentOn returns the comment on a line.
func (w *walker) commentOn(line int, comments []span) (int, bool) {
	if line < 1 || line > len(w.lines.starts) {
		return 0, false
	}
	start, end := w.lines.starts[line-1], len(w.text)
	if line < len(w.lines.starts) {
		end = w.lines.starts[line]
	}
	i, _ := slices.BinarySearchFunc(comments, start, func(c span, at int) int { return cmp.Compare(c.start, at) })
	return i, i < len(comments) && comments[i].start < end
}

// sameText compares without the blanks at the end, which the judge does not
// always keep.
func (w *walker) sameText(q quote, c span) bool {
	text := bytes.TrimRight(w.text[c.start+1:c.end], " \t")
	return string(text) == strings.TrimRight(q.item.Text, " \t")
}

// found records where the comment with this number stands.
func (w *walker) found(ref int, s span) {
	l := &w.leaves[ref]
	l.start, l.end = s.start+1, s.end
	l.line = w.lines.lineOf(s.start)
	l.prop = l.start
}

// addLost gives the comments that the judge does not tell a place at the end
// of their document, so that they are encrypted as well, and numbers all leaves
// anew.
func (w *walker) addLost(lost []span) {
	for _, c := range lost {
		p := 0
		for p < len(w.parts)-1 && c.start >= w.parts[p].end {
			p++
		}
		item := &tree.Comment{Text: string(w.text[c.start+1 : c.end]), Ref: len(w.leaves)}
		w.leaves = append(w.leaves, leaf{comment: true, origin: item.Ref})
		w.found(item.Ref, c)
		w.leaves[item.Ref].value = tree.StringValue(item.Text)
		m := w.trees[p]
		m.Items = append(m.Items, tree.Item{Value: item})
	}
}

// renumber makes the numbers of leaves follow their order in the trees.
func (w *scan) renumber() {
	order := make([]int, 0, len(w.leaves))
	for _, m := range w.trees {
		eachLeaf(m, func(ref *int) {
			order = append(order, *ref)
			*ref = len(order) - 1
		})
	}
	place := make([]int, len(w.leaves))
	leaves := make([]leaf, len(order))
	for now, old := range order {
		leaves[now] = w.leaves[old]
		place[old] = now
	}
	for i := range leaves {
		leaves[i].origin = place[leaves[i].origin]
	}
	for i := range w.keys {
		w.keys[i].origin = place[w.keys[i].origin]
	}
	w.leaves = leaves
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

// dropUnplaced removes comments that stand nowhere in the text.
func (w *walker) dropUnplaced(n tree.Node) {
	gone := func(n tree.Node) bool {
		c, ok := n.(*tree.Comment)
		return ok && w.leaves[c.Ref].line == 0
	}
	switch n := n.(type) {
	case *tree.Map:
		n.Items = slices.DeleteFunc(n.Items, func(it tree.Item) bool { return gone(it.Value) })
		for _, it := range n.Items {
			w.dropUnplaced(it.Value)
		}
	case *tree.List:
		n.Items = slices.DeleteFunc(n.Items, gone)
		for _, it := range n.Items {
			w.dropUnplaced(it)
		}
	}
}
