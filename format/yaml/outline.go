package yaml

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// A twig is a node of the first document with the bytes on which it stands.
// Outlines are made when a document is changed; encryption and opening need none.
type twig struct {
	*node
	place place
	start int // behind properties
	end   int // of the last value, or behind the bracket
	dash  int // elements of block lists: where the dash stands
	key   *twig
	bare  bool    // pairs without colon: the judge tells their value behind the comments that follow
	kids  []*twig // pairs have their key in them
	at    ctx     // where the entries stand
}

// An outline is the first document as twigs.
type outline struct {
	*document
	root *twig
	gaps *gaps
	text []byte
}

// outline reads the document anew, this time with the places of keys and
// collections.
func (d *document) outline() (*outline, error) {
	if d.broken != nil {
		return nil, d.broken
	}
	docs, err := judge(d.src)
	if err != nil {
		return nil, err
	}
	w := &walker{scan: &scan{}, text: d.src, lines: newLines(d.src)}
	o := &outline{document: d, text: d.src}
	for i, n := range docs {
		w.at = ctx{column: -1}
		t := w.twig(n.Content[0])
		if i == 0 {
			o.root = t
		}
	}
	if w.broken != nil || o.root == nil {
		return nil, cmp.Or(w.broken, errPlace)
	}
	o.gaps = findGaps(d.src, w.skips)
	o.close(o.root)
	return o, nil
}

func (w *walker) twig(n *node) *twig {
	t := &twig{node: n, dash: -1, at: w.at}
	switch n.Kind {
	case mappingNode, sequenceNode:
		before := w.at
		p := place{prop: w.lines.find(n.Line, n.Column)}
		t.start = w.properties(&p, n, true)
		t.place = p
		w.at = w.inside(n, t.start > p.prop)
		t.at = w.at
		w.entries(t)
		w.at = before
	case aliasNode:
		t.start = w.lines.find(n.Line, n.Column)
		t.end = t.start + 1 + len(n.Value)
		t.place = place{prop: t.start}
		w.skips = append(w.skips, span{t.start, t.end})
	default:
		t.place = place{tag: -1, flow: w.at.flow, list: w.at.list, column: w.at.column, line: n.Line}
		w.locate(&t.place, n)
		t.start, t.end = t.place.start, t.place.end
	}
	return t
}

func (w *walker) entries(t *twig) {
	if t.Kind == mappingNode {
		for i := 0; i+1 < len(t.Content); i += 2 {
			key := w.twig(t.Content[i])
			kid := w.twig(t.Content[i+1])
			kid.key = key
			kid.bare = w.isBare(kid)
			t.kids = append(t.kids, kid)
		}
		return
	}
	from := t.start
	for _, n := range t.Content {
		kid := w.twig(n)
		if !t.at.flow {
			kid.dash = w.dashBefore(kid.place.prop, from)
		}
		from = kid.place.prop
		if n := len(w.skips); n > 0 {
			from = max(from, w.skips[n-1].end)
		}
		t.kids = append(t.kids, kid)
	}
}

// isBare reports whether the value of t is missing with its colon.
func (w *walker) isBare(t *twig) bool {
	return t.Kind == scalarNode && t.place.prop == t.end && gap(w.text, t.key.end) >= t.start
}

// dashBefore returns the last dash between from and at.
func (w *walker) dashBefore(at, from int) int {
	for i := at - 1; i >= from; i-- {
		if w.text[i] == '-' && (i+1 >= len(w.text) || isBlank(w.text[i+1]) || breakAt(w.text, i+1) > 0) && w.firstOnLine(i) {
			return i
		}
	}
	return from
}

// firstOnLine reports whether only blanks and other indicators stand before i.
func (w *walker) firstOnLine(i int) bool {
	return strings.Trim(string(w.text[lineStart(w.text, i):i]), " \t-?:") == ""
}

// close finds the ends of collections.
func (o *outline) close(t *twig) {
	for _, k := range t.kids {
		o.close(k)
		if k.key != nil {
			o.close(k.key)
			k.end = max(k.end, k.key.end)
		}
	}
	switch {
	case t.Kind != mappingNode && t.Kind != sequenceNode:
	case t.Style&flowStyle != 0:
		if closing := o.gaps.closing(t.start); closing >= 0 {
			t.end = min(closing+1, len(o.text))
			break
		}
		// A single pair in a flow list needs no brackets.
		t.end = t.kids[len(t.kids)-1].end
	case len(t.kids) > 0:
		last := t.kids[len(t.kids)-1]
		if t.end = last.end; last.bare {
			t.end = last.key.end
		}
	}
}

// path follows a as far as there are nodes. It returns the nodes on the way,
// the root first.
func (o *outline) path(a tree.Address) ([]*twig, error) {
	way := []*twig{o.root}
	for _, s := range a {
		t := way[len(way)-1]
		next := t.child(s)
		if next == nil {
			return way, nil
		}
		if next.Kind == aliasNode {
			return nil, &format.Error{
				Line: next.Line, Column: next.Column,
				Msg:  "the value is here through an alias; its anchor is on line " + strconv.Itoa(next.Alias.Line),
				Hint: "change the value where the anchor stands, or write the alias out with edit",
			}
		}
		way = append(way, next)
	}
	return way, nil
}

func (t *twig) child(s tree.Step) *twig {
	switch {
	case s.IsKey && t.Kind == mappingNode:
		for _, k := range t.kids {
			if keyText(k.key.node) == s.Key {
				return k
			}
		}
	case !s.IsKey && t.Kind == sequenceNode && s.Index < len(t.kids):
		return t.kids[s.Index]
	}
	return nil
}

// keyText returns the text of a key as the tree has it.
func keyText(n *node) string {
	if n.Kind == aliasNode && n.Alias != nil {
		n = n.Alias
	}
	v, err := resolve(n)
	if err != nil {
		return ""
	}
	return v.Str()
}

// indentStep returns the indentation step that the file uses most, 2 if it
// shows none.
func (o *outline) indentStep() int {
	count := map[int]int{}
	var walk func(t *twig, column int)
	walk = func(t *twig, column int) {
		if t.at.flow || len(t.kids) == 0 {
			return
		}
		if t.Kind == mappingNode && column >= 0 && t.at.column > column {
			count[t.at.column-column]++
		}
		for _, k := range t.kids {
			next := -1
			if t.Kind == mappingNode {
				next = t.at.column
			}
			walk(k, next)
		}
	}
	walk(o.root, -1)
	best := 2
	most := 0
	for step, n := range count {
		if n > most || n == most && step < best {
			best, most = step, n
		}
	}
	return min(max(best, 2), 9)
}
