package yaml

import (
	"slices"
	"strings"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// document adds one document. Comments become items in the order in which the
// wire format has them.
func (w *walker) document(d *node) error {
	m := &tree.Map{}
	root := d.Content[0]
	h := &holder{}
	w.trees = append(w.trees, m)
	w.parts = append(w.parts, part{})
	w.at = ctx{column: -1}
	w.commentItems(m, h, told{block: d.HeadComment})
	var err error
	switch {
	case root.Kind == mappingNode:
		err = w.mapping(m, h, root, true)
	case root.Kind == scalarNode && root.Tag == "!!null":
		w.commentItems(m, h, head(root))
		w.commentItems(m, h, behind(root, false))
		w.nullRoot(root)
		w.commentItems(m, h, w.foot(root))
	default:
		what := "single value"
		if root.Kind == sequenceNode {
			what = "list"
		}
		e := w.problem(root, "the document is a %s; only a map can be encrypted", what)
		e.Hint = "put it below a key, or encrypt the file as a whole with --input-type binary"
		err = e
	}
	w.commentItems(m, h, told{block: d.FootComment})
	return err
}

func (w *walker) nullRoot(n *node) {
	p := place{tag: -1}
	w.locate(&p, n)
	w.parts[len(w.parts)-1].null = p.end > p.start
}

// mapping adds a map. A collection that stands under a key brings its own
// comments; one that stands in a list has them as an element of that.
func (w *walker) mapping(m *tree.Map, h *holder, n *node, own bool) error {
	leave, err := w.enter(n)
	if err != nil {
		return err
	}
	defer leave()
	top := h.up == nil && !w.mute
	if top {
		w.rootStyle(n)
	}
	if own {
		w.commentItems(m, h, head(n))
		w.commentItems(m, h, behind(n, false))
	}
	m.Items = slices.Grow(m.Items, len(n.Content)/2)
	seen := newKeySet(len(n.Content) / 2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		if err := w.pair(m, h, n.Content[i], n.Content[i+1], top, seen); err != nil {
			return err
		}
	}
	return nil
}

func (w *walker) pair(m *tree.Map, h *holder, k, v *node, top bool, seen *keySet) error {
	w.commentItems(m, h, head(k))
	key, err := w.key(k)
	if err != nil {
		return err
	}
	if first := seen.add(key, k.Line); first > 0 {
		e := w.problem(k, "the key %q appears twice in one map; first on line %d", key, first-w.shift)
		e.Hint = "remove or rename one of the two"
		return e
	}
	if k.Kind == scalarNode && k.Tag == "!!merge" && !mergeable(v) {
		return w.problem(v, "only a map, or a list of maps, can be merged with <<")
	}
	if top && key == metaKey && w.special(k) {
		err := w.metadata(k, v)
		w.commentItems(m, h, w.foot(k))
		return err
	}
	if top {
		w.parts[len(w.parts)-1].pairs++
	}
	w.commentItems(m, h, behind(k, false))
	if v.Kind == scalarNode || v.Kind == aliasNode {
		w.commentItems(m, h, head(v))
		w.commentItems(m, h, behind(v, true))
	}
	value, err := w.value(v, h, key, true)
	if err != nil {
		return err
	}
	m.Items = append(m.Items, tree.Item{Key: key, Value: value})
	w.commentItems(m, h, w.foot(v))
	w.commentItems(m, h, w.foot(k))
	return nil
}

// mergeable reports whether readers can merge n into the map around it.
func mergeable(n *node) bool {
	if n.Kind == aliasNode {
		n = n.Alias
	}
	if n == nil || n.Kind != sequenceNode {
		return n != nil && n.Kind == mappingNode
	}
	for _, part := range n.Content {
		if part.Kind == aliasNode {
			part = part.Alias
		}
		if part == nil || part.Kind != mappingNode {
			return false
		}
	}
	return true
}

// value returns the wire node of n, which stands under key in h, or in the list
// that h is.
func (w *walker) value(n *node, h *holder, key string, isKey bool) (tree.Node, error) {
	switch n.Kind {
	case mappingNode:
		m := &tree.Map{}
		return m, w.mapping(m, &holder{up: h, key: key, isKey: isKey}, n, isKey)
	case sequenceNode:
		l := &tree.List{}
		return l, w.sequence(l, &holder{up: h, key: key, isKey: isKey}, n, isKey)
	case aliasNode:
		return w.alias(n, h, key, isKey)
	}
	return w.scalar(n)
}

// sequence adds a list; own as for mapping.
func (w *walker) sequence(l *tree.List, h *holder, n *node, own bool) error {
	leave, err := w.enter(n)
	if err != nil {
		return err
	}
	defer leave()
	if own {
		w.commentNodes(l, h, head(n))
		w.commentNodes(l, h, behind(n, false))
	}
	for _, e := range n.Content {
		w.commentNodes(l, h, head(e))
		w.commentNodes(l, h, behind(e, true))
		v, err := w.value(e, h, "", false)
		if err != nil {
			return err
		}
		l.Items = append(l.Items, v)
		w.commentNodes(l, h, w.foot(e))
	}
	return nil
}

func (w *walker) scalar(n *node) (tree.Node, error) {
	v, err := resolve(n)
	if err != nil {
		return nil, w.shifted(err)
	}
	if err := w.copied(n); err != nil {
		return nil, err
	}
	l := leaf{via: w.via}
	if w.via == 0 {
		l.place = place{tag: -1, flow: w.at.flow, list: w.at.list, column: w.at.column, line: n.Line - w.shift}
		w.locate(&l.place, n)
		if v.Kind() == tree.String {
			v = tree.StringValue(w.piece(&l.place, v.Str()))
		}
	}
	l.value = v
	s := w.scalars.New(v, tree.NoRef)
	if w.mute {
		return s, nil
	}
	s.Ref = len(w.leaves)
	l.origin = s.Ref
	switch {
	case w.via > 0:
		if origin, ok := w.known[n]; ok {
			l.origin = origin
			l.place = w.leaves[origin].place
		}
		l.line = w.sites[w.via-1].line
	case w.anchor > 0 || n.Anchor != "":
		w.known[n] = s.Ref
	}
	w.leaves = append(w.leaves, l)
	return s, nil
}

// piece returns s, which stands at p, as a piece of the text where it is spelled
// as it is read: the judge's own copy can go then.
func (w *walker) piece(p *place, s string) string {
	text := w.text[p.start:p.end]
	if (p.style == single || p.style == double) && len(text) >= 2 {
		text = text[1 : len(text)-1]
	}
	if string(text) == s {
		return format.Text(text)
	}
	return s
}

// copied counts what aliases stand for, which grows without bound when they
// stand for each other.
func (w *walker) copied(n *node) error {
	if w.via == 0 {
		return nil
	}
	if w.copies++; w.copies > maxCopies {
		return w.problem(n, "aliases stand for more than %d values", maxCopies)
	}
	return nil
}

// locate finds the place of a scalar and makes the search for comments skip it.
func (w *walker) locate(p *place, n *node) {
	p.prop = w.lines.find(n.Line, n.Column)
	empty := n.Value == "" && n.Style&(doubleStyle|singleStyle|literalStyle|foldedStyle) == 0
	p.start = w.properties(p, n, !empty)
	if empty {
		p.end = p.start
		return
	}
	if err := p.locate(w.text, n); err != nil {
		w.broken = err
		p.end = p.start
		return
	}
	if p.block() {
		w.skips = append(w.skips, span{p.start, p.head}, span{p.body, p.end})
		return
	}
	w.skips = append(w.skips, span{p.start, p.end})
}

// properties steps over tag and anchor of n, and over what stands between them
// and the node itself if it has a text.
func (w *walker) properties(p *place, n *node, more bool) int {
	i := p.prop
	w.tag = span{}
	for range 2 {
		if i >= len(w.text) || w.text[i] != '!' && w.text[i] != '&' || n.Kind == scalarNode && w.text[i] == '&' && n.Anchor == "" {
			break
		}
		if i > 0 && w.text[i-1] == '#' {
			break // in a comment, where the judge may tell a value without text
		}
		from := i
		if w.text[i] == '&' {
			i += 1 + len(n.Anchor)
			p.tag = -1 // An anchor between tag and scalar: the tag cannot go alone.
		} else {
			i = tagEnd(w.text, i, w.at.flow)
			w.tag = span{from, i}
			if coreTag(n) {
				p.tag = from
			}
		}
		w.skips = append(w.skips, span{from, i})
		next := gap(w.text, i)
		if next < len(w.text) && (w.text[next] == '!' || w.text[next] == '&') && (more || n.Kind != scalarNode) {
			i = next
			continue
		}
		if more {
			i = next
		}
		break
	}
	return i
}

// gap steps over blanks, comments and breaks.
func gap(text []byte, i int) int {
	for i < len(text) {
		switch n := breakAt(text, i); {
		case n > 0:
			i += n
		case isBlank(text[i]):
			i++
		case text[i] == '#':
			i = lineEnd(text, i)
		default:
			return i
		}
	}
	return i
}

func tagEnd(text []byte, i int, flow bool) int {
	if i+1 < len(text) && text[i+1] == '<' {
		for i < len(text) && text[i] != '>' {
			i++
		}
		return min(i+1, len(text))
	}
	// Commas and square brackets belong to a tag, for the judge.
	for i < len(text) && !isBlank(text[i]) && breakAt(text, i) == 0 && (!flow || text[i] != '{' && text[i] != '}') {
		i++
	}
	return i
}

// enter begins a collection: where its entries stand, and its properties.
func (w *walker) enter(n *node) (leave func(), err error) {
	if w.depth++; w.depth > maxDepth {
		return nil, w.problem(n, "collections are nested more than %d deep", maxDepth)
	}
	if err := w.copied(n); err != nil {
		return nil, err
	}
	before, anchor := w.at, w.anchor
	if n.Anchor != "" {
		w.anchor++
		w.open[n] = true
	}
	own := -1
	if w.via == 0 {
		p := place{prop: w.lines.find(n.Line, n.Column)}
		w.opening = w.properties(&p, n, true)
		w.at = w.inside(n, w.opening > p.prop)
		if w.tag.end > 0 && !w.mute {
			own = len(w.tags)
			w.tags = append(w.tags, tagged{span: w.tag, list: n.Kind == sequenceNode})
		}
	}
	return func() {
		if own >= 0 {
			w.tags[own].last = w.skips[len(w.skips)-1].end
		}
		delete(w.open, n)
		w.at, w.anchor, w.depth = before, anchor, w.depth-1
	}, nil
}

// inside returns where the entries of a collection stand. With properties, the
// judge tells the place of those instead.
func (w *walker) inside(n *node, properties bool) ctx {
	if w.at.flow || n.Style&flowStyle != 0 {
		return ctx{flow: true, list: w.at.list, column: w.at.column}
	}
	c := ctx{list: n.Kind == sequenceNode, column: n.Column - 1}
	if properties && len(n.Content) > 0 {
		c.column = w.indicatorColumn(n.Content[0], c.list)
	}
	return c
}

// indicatorColumn returns the column of a collection by its first entry: that
// of the dash, of the question mark, or of the key itself.
func (w *walker) indicatorColumn(first *node, list bool) int {
	at := w.lines.find(first.Line, first.Column)
	start := lineStart(w.text, at)
	i := at
	for i > start && isBlank(w.text[i-1]) {
		i--
	}
	if i > start && (list && w.text[i-1] == '-' || !list && w.text[i-1] == '?') {
		return i - 1 - start
	}
	return first.Column - 1
}

// told is a block of comments as the judge tells it, and the line on which its
// first one should stand, 0 if that is not known.
type told struct {
	block  string
	inline bool
	line   int
}

func head(n *node) told {
	return told{block: n.HeadComment, line: n.Line - 1 - strings.Count(n.HeadComment, "\n")}
}

func behind(n *node, inline bool) told {
	return told{block: n.LineComment, inline: inline, line: n.Line}
}

// foot is told when all that stands above it has been walked.
func (w *walker) foot(n *node) told {
	t := told{block: n.FootComment}
	if t.block != "" && len(w.skips) > 0 {
		t.line = w.lines.lineOf(w.skips[len(w.skips)-1].end) + 1
	}
	return t
}

// commentItems adds the lines of a comment block to a map.
func (w *walker) commentItems(m *tree.Map, h *holder, t told) {
	w.comments(t, h, false, func(c *tree.Comment) {
		m.Items = append(m.Items, tree.Item{Value: c})
	})
}

// commentNodes adds the lines of a comment block to a list.
func (w *walker) commentNodes(l *tree.List, h *holder, t told) {
	w.comments(t, h, true, func(c *tree.Comment) { l.Items = append(l.Items, c) })
}

func (w *walker) comments(t told, h *holder, list bool, add func(*tree.Comment)) {
	if t.block == "" || w.mute {
		return
	}
	at := t.line - 1
	for line := range strings.SplitSeq(t.block, "\n") {
		at++
		text, ok := strings.CutPrefix(strings.TrimLeft(line, " \t"), "#")
		if !ok {
			continue
		}
		c := &tree.Comment{Text: strings.TrimSuffix(text, "\r"), Inline: t.inline, Ref: len(w.leaves)}
		if list && c.Text == "" {
			// An empty comment in a list would be an element for other readers.
			c.Text = " "
		}
		add(c)
		l := leaf{comment: true, origin: c.Ref, via: w.via, value: tree.StringValue(c.Text)}
		if w.via > 0 {
			l.line = w.sites[w.via-1].line
		} else {
			w.quotes = append(w.quotes, quote{leaf: c.Ref, item: c, holder: h, line: at})
		}
		w.leaves = append(w.leaves, l)
	}
}
