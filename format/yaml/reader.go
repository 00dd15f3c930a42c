package yaml

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/internal/yamltext"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// read finds all that the package needs to know of src, which has no byte order
// mark.
func read(src []byte, encrypted bool) (*scan, error) {
	if bytes.HasPrefix(src, []byte("\xff\xfe")) || bytes.HasPrefix(src, []byte("\xfe\xff")) {
		return nil, &format.Error{Msg: "the text is UTF-16", Hint: "convert the file to UTF-8"}
	}
	f, err := yamltext.Options{Entry: !encrypted}.Parse(format.Text(src))
	if err != nil {
		return nil, refusal(src, err)
	}
	if len(f.Doubts) > 0 {
		if err := referee(f, encrypted); err != nil {
			return nil, err
		}
	}
	return scanOf(src, f, encrypted)
}

// refusal says why src is no YAML, in the words of the library if it finds so
// too.
func refusal(src []byte, err error) error {
	if _, err := parseByLibrary(src); err != nil {
		return err
	}
	var e *yamltext.Error
	if !errors.As(err, &e) {
		return err
	}
	return &format.Error{Line: e.Line, Column: e.Column, Msg: "expected " + e.Want}
}

// A reader turns the nodes of a text into wire trees, with the place of each leaf.
type reader struct {
	*scan
	text      []byte // that of file
	encrypted bool

	scalars tree.Scalars
	at      ctx
	depth   int
	via     int
	mute    bool // inside the metadata, whose leaves are no leaves
	copies  int
	anchor  int // depth of anchored nodes we are in
	placed  int // comments that are leaves
	known   map[yamltext.ID]int
	siteOf  map[yamltext.ID]int
	open    map[yamltext.ID]bool
}

// scanOf makes a scan of text, which f is of.
func scanOf(text []byte, f *yamltext.File, encrypted bool) (*scan, error) {
	alone := len(f.Documents) == 0 && !encrypted && len(f.All()) > 0
	if len(f.Documents) == 0 && !alone {
		return nil, &format.Error{Empty: true, Msg: "the file holds no document", Hint: "write --- to make an empty one"}
	}
	r := &reader{
		scan: &scan{file: f}, text: text, encrypted: encrypted,
		known: map[yamltext.ID]int{}, siteOf: map[yamltext.ID]int{}, open: map[yamltext.ID]bool{},
	}
	r.leaves = make([]leafNode, 0, f.Len()/2+len(f.All())+1)
	for i := range f.Documents {
		if err := r.document(i); err != nil {
			return nil, err
		}
	}
	if alone {
		// Nothing but comments: they are a document once the metadata is there.
		r.trees, r.parts = []*tree.Map{{}}, []part{{end: len(text)}}
	}
	r.lost()
	return r.scan, nil
}

// document adds one document. Comments become items in the order in which the
// wire format has them.
func (r *reader) document(i int) error {
	m := &tree.Map{}
	d := &r.file.Documents[i]
	root := r.file.Node(d.Root)
	r.trees = append(r.trees, m)
	r.parts = append(r.parts, part{end: int(d.End)})
	r.at = ctx{column: -1}
	for c := range r.file.DocumentComments(i, yamltext.Head) {
		r.item(m, c, false)
	}
	switch {
	case root.Kind == yamltext.Mapping:
		r.rootStyle(d.Root)
		if err := r.mapping(m, d.Root, true, true); err != nil {
			return err
		}
	case root.Kind == yamltext.Scalar && root.Type == yamltext.Null:
		r.items(m, d.Root, yamltext.Head, false)
		r.items(m, d.Root, yamltext.Inline, false)
		r.parts[i].null = !root.Empty()
		r.items(m, d.Root, yamltext.Foot, false)
	default:
		return r.notAMap(d.Root)
	}
	for c := range r.file.DocumentComments(i, yamltext.Foot) {
		r.item(m, c, false)
	}
	return nil
}

func (r *reader) notAMap(root yamltext.ID) error {
	what := "single value"
	if r.file.Node(root).Kind == yamltext.Sequence {
		what = "list"
	}
	e := r.problem(root, "the document is a %s; only a map can be encrypted", what)
	e.Hint = "put it below a key, or encrypt the file as a whole with --input-type binary"
	return e
}

// rootStyle notes how the root of the current document is written, and where in
// a flow map an entry can be added.
func (r *reader) rootStyle(root yamltext.ID) {
	n := r.file.Node(root)
	p := &r.parts[len(r.parts)-1]
	if p.flow = n.Style == yamltext.Flow; !p.flow {
		p.column = int(n.Column)
		return
	}
	p.open = int(n.Start)
	closing, after := int(n.End)-1, p.open+1
	p.last = r.lastBefore(closing)
	for c := range r.file.Children(root) {
		after = int(r.file.Node(c).End)
	}
	p.comma = commaBetween(r.text, after, closing)
}

// lastBefore returns where an entry can be added before the bracket at i: after
// the last one, or before the bracket if a comment is between them.
func (r *reader) lastBefore(i int) int {
	text, at := r.text, i
	for at > 0 && (isBlank(text[at-1]) || text[at-1] == '\n' || text[at-1] == '\r') {
		at--
	}
	if slices.ContainsFunc(r.file.All(), func(c yamltext.Comment) bool { return int(c.Start) < at && int(c.End) >= at }) {
		return i
	}
	if at < i && text[at-1] == ':' {
		at++ // a comma must not touch the colon of an entry without value
	}
	return at
}

// commaBetween reports whether the last sign in a part of the text, comments
// aside, is a comma.
func commaBetween(text []byte, at, end int) bool {
	var last byte
	for at = gap(text, at); at < end; at = gap(text, at+1) {
		last = text[at]
	}
	return last == ','
}

// mapping adds a map. A collection that is the value of a key brings its own
// comments; one in a list has them as an element of that.
func (r *reader) mapping(m *tree.Map, id yamltext.ID, own, top bool) error {
	leave, err := r.enter(id)
	if err != nil {
		return err
	}
	if own {
		r.items(m, id, yamltext.Head, false)
		r.items(m, id, yamltext.Inline, false)
	}
	n := int(r.file.Node(id).Len) / 2
	m.Items = slices.Grow(m.Items, n+r.commentsIn(id))
	keys := keyCheck{first: r.file.First(id)}
	if n > fewKeys {
		keys.table = make(map[string]bool, n)
	}
	for k := r.file.First(id); k != yamltext.None; {
		v := r.file.Next(k)
		if err := r.pair(m, k, v, top, keys); err != nil {
			return err
		}
		k = r.file.Next(v)
	}
	r.leave(id, leave)
	return nil
}

// commentsIn counts comments of the children of a collection.
func (r *reader) commentsIn(id yamltext.ID) int {
	n := 0
	for c := r.file.First(id); c != yamltext.None; c = r.file.Next(c) {
		if r.file.Commented(c) {
			for at := yamltext.Head; at <= yamltext.Foot; at++ {
				for range r.file.Comments(c, at) {
					n++
				}
			}
		}
	}
	return n
}

func (r *reader) pair(m *tree.Map, k, v yamltext.ID, top bool, keys keyCheck) error {
	r.items(m, k, yamltext.Head, false)
	key, err := r.key(k)
	if err != nil {
		return err
	}
	if keys.seen(m, key) {
		return r.twice(keys.first, k, key)
	}
	if n := r.file.Node(k); n.Kind == yamltext.Scalar && n.Type == yamltext.Merge && !r.mergeable(v) {
		return r.problem(v, "only a map, or a list of maps, can be merged with <<")
	}
	if top && key == metaKey && r.special(k) {
		if r.parts[len(r.parts)-1].meta.found {
			return r.twice(keys.first, k, key)
		}
		err := r.metadata(k, v)
		r.items(m, k, yamltext.Foot, false)
		return err
	}
	if top {
		r.parts[len(r.parts)-1].pairs++
	}
	r.items(m, k, yamltext.Inline, false)
	if n := r.file.Node(v); n.Kind == yamltext.Scalar || n.Kind == yamltext.Alias {
		r.items(m, v, yamltext.Head, false)
		r.items(m, v, yamltext.Inline, true)
	}
	value, err := r.value(v, true)
	if err != nil {
		return err
	}
	m.Items = append(m.Items, tree.Item{Key: key, Value: value})
	r.items(m, v, yamltext.Foot, false)
	r.items(m, k, yamltext.Foot, false)
	return nil
}

// keyCheck finds keys that come twice in a map. A table is only made for large ones.
type keyCheck struct {
	first yamltext.ID // the first key
	table map[string]bool
}

// fewKeys is the number of keys up to which it is faster to compare them all.
const fewKeys = 16

// seen reports whether m has the key.
func (k keyCheck) seen(m *tree.Map, key string) bool {
	if k.table != nil {
		seen := k.table[key]
		k.table[key] = true
		return seen
	}
	for i := range m.Items {
		if it := &m.Items[i]; it.Key == key && (key != "" || !tree.IsComment(it.Value)) {
			return true
		}
	}
	return false
}

// twice is the error for a key k that is in its map already; the keys of that
// begin with first.
func (r *reader) twice(first, k yamltext.ID, key string) error {
	line := 0
	for id := first; line == 0; id = r.file.Next(r.file.Next(id)) {
		if text, err := r.key(id); err == nil && text == key {
			line = r.line(id)
		}
	}
	e := r.problem(k, "the key %q appears twice in one map; first on line %d", key, line)
	e.Hint = "remove or rename one of the two"
	return e
}

// resolved follows an alias.
func (r *reader) resolved(id yamltext.ID) yamltext.ID {
	if r.file.Node(id).Kind == yamltext.Alias {
		return r.file.Target(id)
	}
	return id
}

// mergeable reports whether readers can merge a node into the map around it.
func (r *reader) mergeable(id yamltext.ID) bool {
	id = r.resolved(id)
	if n := r.file.Node(id); n.Kind != yamltext.Sequence {
		return n.Kind == yamltext.Mapping
	}
	for e := range r.file.Children(id) {
		if r.file.Node(r.resolved(e)).Kind != yamltext.Mapping {
			return false
		}
	}
	return true
}

// key returns the text of a key. Only strings can be keys: the path of a value
// is encrypted with it.
func (r *reader) key(k yamltext.ID) (string, error) {
	id := r.resolved(k)
	if id != k && r.via == 0 {
		if origin, ok := r.known[id]; ok {
			r.keys = append(r.keys, keyAlias{origin, r.line(k)})
		}
	}
	if r.file.Node(id).Kind == yamltext.Scalar {
		v, err := valueOf(r.file, id)
		if err != nil {
			return "", err
		}
		if v.Kind() == tree.String {
			return v.Str(), nil
		}
	}
	e := r.problem(k, "a key is not a string")
	e.Content, e.Hint = true, "put the key in quotes"
	return "", e
}

// special reports whether a top-level pair with the reserved name is metadata,
// which is no part of the tree.
func (r *reader) special(k yamltext.ID) bool {
	if r.reserved == 0 {
		r.reserved = r.line(k)
	}
	return r.encrypted
}

// metadata reads the reserved entry.
func (r *reader) metadata(k, v yamltext.ID) error {
	r.mute = true
	value, err := r.value(v, true)
	r.mute = false
	if err != nil {
		return err
	}
	key, n := r.file.Node(k), r.file.Node(v)
	m := metaSpan{
		found: true, start: int(key.Prop), end: int(max(key.End, n.End)),
		column: int(key.Column), flow: n.Style == yamltext.Flow,
	}
	if first := r.file.First(v); n.Kind == yamltext.Mapping && n.Style == yamltext.Block && first != yamltext.None {
		m.indent = int(r.file.Node(first).Column - key.Column)
	}
	r.parts[len(r.parts)-1].meta = m
	if r.meta == nil && len(r.parts) == 1 {
		r.meta = value
	}
	return nil
}

func (r *reader) line(id yamltext.ID) int { return int(r.file.Node(id).Line) }

func (r *reader) problem(id yamltext.ID, msg string, args ...any) *format.Error {
	return problemAt(r.file, id, fmt.Sprintf(msg, args...))
}
