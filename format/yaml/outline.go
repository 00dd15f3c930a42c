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
	kids  []*element // pairs have their key in them; nil until open
	at    ctx        // where the entries are
}

// An outline is the first document as elements. It is made when a document is
// changed, of what is on the way to the changes.
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

// open finds what is in an element.
func (o *outline) open(t *element) {
	switch {
	case t.kids != nil || t.Len == 0:
	case t.Kind == yamltext.Mapping:
		o.pairs(t)
	case t.Kind == yamltext.Sequence:
		o.elements(t)
	}
}

func (o *outline) element(id yamltext.ID, at ctx) *element {
	n := o.file.Node(id)
	t := &element{Node: n, id: id, dash: -1, at: at, start: int(n.Start), end: int(n.End)}
	t.place = place{prop: int(n.Prop)}
	switch n.Kind {
	case yamltext.Mapping, yamltext.Sequence:
		t.at = inside(n, at)
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
	o.open(o.root)
	for _, s := range a {
		next := o.child(way[len(way)-1], s)
		if next == nil {
			return way, nil
		}
		if next.Kind == yamltext.Alias {
			anchor := o.file.Node(o.file.Target(next.id))
			e := problemAt(o.file, next.id, "the value is here through an alias; its anchor is on line "+strconv.Itoa(int(anchor.Line)))
			e.Hint = "change the value where the anchor is, or write the alias out with edit"
			return nil, e
		}
		o.open(next)
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
// where none is indented its lists decide, then the step of the document, which is
// that of the metadata where there is some.
func (o *outline) indentStep() int {
	f := o.file
	var maps, lists steps
	var walk func(id yamltext.ID, column int32)
	walk = func(id yamltext.ID, column int32) {
		n := f.Node(id)
		if n.Style != yamltext.Block || n.Len == 0 {
			return
		}
		isMap := n.Kind == yamltext.Mapping
		switch {
		case column < 0:
		case isMap:
			maps.count(n.Column - column)
		default:
			lists.count(n.Column - column)
		}
		if column = n.Column; !isMap {
			column = -1
		}
		for c := f.First(id); c != yamltext.None; c = f.Next(c) {
			if start := int(f.Node(c).Prop); !isMap || !o.parts[0].meta.found || start < o.parts[0].meta.start || start >= o.parts[0].meta.end {
				walk(c, column)
			}
		}
	}
	walk(f.Documents[0].Root, -1)
	for _, s := range []*steps{&maps, &lists} {
		if n := s.mostUsed(); n > 0 {
			return max(n, 2)
		}
	}
	return o.step
}

// steps counts how often each step of indentation is used; large ones are one.
type steps [10]int

func (s *steps) count(step int32) {
	if step > 0 {
		s[min(int(step), len(s)-1)]++
	}
}

// mostUsed returns the step with the highest count, the smallest of several; 0 if
// there is none.
func (s *steps) mostUsed() int {
	best := 0
	for step, n := range s {
		if n > s[best] {
			best = step
		}
	}
	return best
}
