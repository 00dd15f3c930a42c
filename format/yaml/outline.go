package yaml

import (
	"slices"
	"strconv"

	"github.com/seed-1f7fdfb8/sops/internal/yamltext"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// An element is a node of the first document as changes see it.
type element struct {
	*yamltext.Node
	id    yamltext.ID
	place place // of a scalar; else only where the properties begin
	start int   // after properties
	end   int   // of the last value, or after the bracket
	dash  int   // elements of block lists: where the dash is
	key   *element
	kids  []*element // pairs have their key in them
	at    ctx        // where the entries are
}

// An outline is the first document as elements. It is made when a document is
// changed; encryption and decryption need none.
type outline struct {
	*document
	root *element
	text []byte
	keys map[*element]map[string]*element // of large maps
}

func (d *document) outline() (*outline, error) {
	f := d.file
	if len(f.Documents) == 0 {
		return nil, errPlace
	}
	o := &outline{document: d, text: d.src, keys: map[*element]map[string]*element{}}
	o.root = o.element(f.Documents[0].Root, ctx{column: -1})
	return o, nil
}

func (o *outline) element(id yamltext.ID, at ctx) *element {
	n := o.file.Node(id)
	t := &element{Node: n, id: id, dash: -1, at: at, start: int(n.Start), end: int(n.End)}
	t.place = place{prop: int(n.Prop)}
	switch n.Kind {
	case yamltext.Mapping:
		t.at = inside(n, at)
		o.pairs(t)
	case yamltext.Sequence:
		t.at = inside(n, at)
		o.elements(t)
	case yamltext.Scalar:
		t.place = placeOfScalar(o.file, id, at)
	}
	return t
}

func (o *outline) pairs(t *element) {
	t.kids = make([]*element, 0, t.Len/2)
	for k := o.file.First(t.id); k != yamltext.None; {
		v := o.file.Next(k)
		kid := o.element(v, t.at)
		kid.key = o.element(k, t.at)
		kid.end = max(kid.end, kid.key.end)
		t.kids = append(t.kids, kid)
		k = o.file.Next(v)
	}
}

// elements finds the dash of each element of a block list: the first sign after
// the element before.
func (o *outline) elements(t *element) {
	t.kids = make([]*element, 0, t.Len)
	from := t.start
	for e := range o.file.Children(t.id) {
		kid := o.element(e, t.at)
		if !t.at.flow {
			kid.dash = gap(o.text, from)
		}
		from = kid.end
		t.kids = append(t.kids, kid)
	}
}

// isScalar and the others say what an element is.
func (t *element) isScalar() bool { return t.Kind == yamltext.Scalar }
func (t *element) isMap() bool    { return t.Kind == yamltext.Mapping }
func (t *element) isList() bool   { return t.Kind == yamltext.Sequence }
func (t *element) isFlow() bool   { return t.Style == yamltext.Flow }

// soleTag reports whether t has a tag and no anchor.
func (o *outline) soleTag(t *element) bool {
	from, to := o.file.TagSpan(t.id)
	return from < to && o.file.Anchor(t.id) == ""
}

// commented reports whether a comment is between two places.
func (o *outline) commented(start, end int) bool {
	return slices.ContainsFunc(o.file.All(), func(c yamltext.Comment) bool { return int(c.Start) >= start && int(c.Start) < end })
}

// path follows a as far as there are nodes. It returns the nodes on the way,
// the root first.
func (o *outline) path(a tree.Address) ([]*element, error) {
	way := []*element{o.root}
	for _, s := range a {
		t := way[len(way)-1]
		next := o.child(t, s)
		if next == nil {
			return way, nil
		}
		if next.Kind == yamltext.Alias {
			anchor := o.file.Node(o.file.Target(next.id))
			e := problemAt(o.file, next.id, "the value is here through an alias; its anchor is on line "+strconv.Itoa(int(anchor.Line)))
			e.Hint = "change the value where the anchor is, or write the alias out with edit"
			return nil, e
		}
		way = append(way, next)
	}
	return way, nil
}

func (o *outline) child(t *element, s tree.Step) *element {
	switch {
	case s.IsKey && t.isMap() && len(t.kids) >= indexed:
		return o.index(t)[s.Key]
	case s.IsKey && t.isMap():
		for _, k := range t.kids {
			if o.keyText(k.key) == s.Key {
				return k
			}
		}
	case !s.IsKey && t.isList() && s.Index < len(t.kids):
		return t.kids[s.Index]
	}
	return nil
}

// indexed is the number of entries from which a map is worth an index.
const indexed = 16

// index returns the first entry of a map under each key.
func (o *outline) index(t *element) map[string]*element {
	keys, ok := o.keys[t]
	if !ok {
		keys = make(map[string]*element, len(t.kids))
		for _, k := range t.kids {
			if key := o.keyText(k.key); keys[key] == nil {
				keys[key] = k
			}
		}
		o.keys[t] = keys
	}
	return keys
}

// keyText returns the text of a key as the tree has it.
func (o *outline) keyText(t *element) string {
	id := t.id
	if t.Kind == yamltext.Alias {
		id = o.file.Target(id)
	}
	v, err := valueOf(o.file, id)
	if err != nil {
		return ""
	}
	return v.Str()
}

// indentStep returns the indentation step that the maps of the content use most;
// where none is indented its lists decide, then the metadata, which is as the
// program that wrote it indents. It is 2 if nothing is indented.
func (o *outline) indentStep() int {
	maps, lists, meta := map[int]int{}, map[int]int{}, map[int]int{}
	var walk func(t *element, column int, own bool)
	walk = func(t *element, column int, own bool) {
		if t.at.flow || len(t.kids) == 0 {
			return
		}
		if step := t.at.column - column; column >= 0 && step > 0 {
			switch {
			case own && t.isMap():
				meta[step]++
			case t.isMap():
				maps[step]++
			case !own:
				lists[step]++
			}
		}
		for _, k := range t.kids {
			next := -1
			if t.isMap() {
				next = t.at.column
			}
			walk(k, next, own || t == o.root && t.isMap() && o.keyText(k.key) == metaKey)
		}
	}
	walk(o.root, -1, false)
	for _, count := range []map[int]int{maps, lists, meta} {
		if len(count) > 0 {
			return min(max(mostUsed(count), 2), 9)
		}
	}
	return 2
}

// mostUsed returns the step with the highest count, the smallest of several.
func mostUsed(count map[int]int) int {
	best := 0
	for step, n := range count {
		if n > count[best] || n == count[best] && step < best {
			best = step
		}
	}
	return best
}
