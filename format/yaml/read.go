package yaml

import (
	"bytes"
	"cmp"
	"errors"
	"slices"
	"strconv"

	"github.com/seed-1f7fdfb8/sops/format"
)

const byteOrderMark = "\ufeff"

// readByLibrary finds all that the package needs to know of src, which has no byte order
// mark.
func readByLibrary(src []byte, encrypted bool) (*scan, error) {
	if err := checkEncoding(src); err != nil {
		return nil, err
	}
	if bytes.IndexByte(src, '#') < 0 {
		return readPlain(src, encrypted)
	}
	if f := frame(src, newlineOf(src)); !encrypted && f != nil {
		s, err := readFramed(src, f, false)
		// The placeholder may be what the judge stumbled over, and its line
		// break may have become part of a block scalar.
		if err == nil && !s.endsInBlock(src) {
			return s, nil
		}
	}
	return readPlain(src, encrypted)
}

// endsInBlock reports whether src ends inside a block scalar, without newline.
// A block of nothing but blanks ends at its header, as far as places tell.
func (s *scan) endsInBlock(src []byte) bool {
	if endsInBreak(src) {
		return false
	}
	for i := range s.leaves {
		l := &s.leaves[i]
		if l.comment || l.via > 0 || !l.block() {
			continue
		}
		if l.end == len(src) || l.body == l.end && len(bytes.TrimLeft(src[l.end:], " \t\r\n")) == 0 {
			return true
		}
	}
	return false
}

func checkEncoding(src []byte) error {
	if bytes.HasPrefix(src, []byte("\xff\xfe")) || bytes.HasPrefix(src, []byte("\xfe\xff")) {
		return &format.Error{Msg: "the text is UTF-16", Hint: "convert the file to UTF-8"}
	}
	return nil
}

// readPlain reads src as it stands.
func readPlain(src []byte, encrypted bool) (*scan, error) {
	return readFramed(src, &framed{text: src}, encrypted)
}

// readFramed lets the judge read f.text and translates what it finds into
// places of src.
func readFramed(src []byte, f *framed, encrypted bool) (*scan, error) {
	w, g, err := walk(f, encrypted)
	if err != nil {
		return nil, err
	}
	if !w.match(g) {
		if err := w.rematch(f, g, encrypted); err != nil {
			return nil, err
		}
	}
	w.finish()
	w.brackets = g.brackets
	w.unframe(src, f)
	return w.scan, nil
}

// walk reads all documents of f.
func walk(f *framed, encrypted bool) (*walker, *gaps, error) {
	docs, err := judge(f.text)
	if err != nil {
		return nil, nil, err
	}
	if len(docs) == 0 {
		return nil, nil, &format.Error{Empty: true, Msg: "the file holds no document", Hint: "write --- to make an empty one"}
	}
	if f.ends != nil && len(f.ends) != len(docs) {
		return nil, nil, errors.New("yaml: documents are counted differently")
	}
	w := &walker{
		scan: &scan{}, text: f.text, lines: newLines(f.text), encrypted: encrypted,
		known: map[*node]int{}, siteOf: map[*node]int{}, open: map[*node]bool{},
	}
	w.leaves = make([]leaf, 0, len(w.lines.starts))
	w.skips = make([]span, 0, 2*len(w.lines.starts))
	for i, d := range docs {
		w.holder, w.held = 0, false
		if f.ends != nil && f.sizes[i] > 0 {
			w.holder = w.lines.lineOf(f.ends[i] + f.sizes[i] - 1)
		}
		if err := w.document(d); err != nil {
			return nil, nil, err
		}
		if w.holder > 0 {
			if !w.held {
				return nil, nil, errPlace // it has become part of a value
			}
			w.shift++
		}
	}
	g := findGaps(f.text, w.skips)
	w.ends(docs, g)
	return w, g, nil
}

// rematch asks the judge again, with a number in place of each comment, where
// texts alone do not tell which comment is which.
func (w *walker) rematch(f *framed, g *gaps, encrypted bool) error {
	numbered := *f
	numbered.text = make([]byte, 0, len(f.text)+8*len(g.comments))
	at := 0
	if f.ends != nil {
		numbered.ends = make([]int, len(f.ends))
	}
	part := 0
	for i, c := range g.comments {
		for ; part < len(f.ends) && f.ends[part] <= c.start; part++ {
			numbered.ends[part] = f.ends[part] + len(numbered.text) - at
		}
		numbered.text = append(numbered.text, f.text[at:c.start+1]...)
		numbered.text = strconv.AppendInt(numbered.text, int64(i), 10)
		at = c.end
	}
	for ; part < len(f.ends); part++ {
		numbered.ends[part] = f.ends[part] + len(numbered.text) - at
	}
	numbered.text = append(numbered.text, f.text[at:]...)
	second, _, err := walk(&numbered, encrypted)
	if err != nil || len(second.leaves) != len(w.leaves) || len(second.quotes) != len(w.quotes) {
		return errors.Join(errPlace, err)
	}
	for i := range w.quotes {
		w.leaves[w.quotes[i].leaf].line = 0
	}
	told := make([]bool, len(g.comments))
	for i, q := range second.quotes {
		n, err := strconv.Atoi(q.item.Text)
		if err != nil || n >= len(g.comments) || q.leaf != w.quotes[i].leaf {
			return errPlace
		}
		w.found(q.leaf, g.comments[n])
		told[n] = true
	}
	w.lost = w.lost[:0]
	for i, c := range g.comments {
		if !told[i] {
			w.lost = append(w.lost, c)
		}
	}
	return nil
}

// ends finds where each document ends and how its root and metadata are
// bounded.
func (w *walker) ends(docs []*node, g *gaps) {
	m := 0
	for i, d := range docs {
		p := &w.parts[i]
		start := w.lines.find(d.Line, d.Column)
		for m < len(g.markers) && g.markers[m] < start {
			m++
		}
		if m < len(g.markers) && (g.markers[m] == start || start < len(w.text) && w.text[start] == '%') && w.text[g.markers[m]] == '-' {
			m++
		}
		p.end = len(w.text)
		if m < len(g.markers) {
			p.end = g.markers[m]
		}
		if p.flow {
			closing := g.closing(p.open)
			p.last = w.lastBefore(closing, g)
			p.comma = w.commaBefore(closing)
		}
		if p.meta.found {
			w.metaEnd(&p.meta, p.end, g)
		}
	}
}

// lastBefore returns where an entry can be added before the bracket at i: behind
// the last one, or before the bracket if a comment stands between.
func (w *walker) lastBefore(i int, g *gaps) int {
	at := i
	for at > 0 && (isBlank(w.text[at-1]) || w.text[at-1] == '\n' || w.text[at-1] == '\r') {
		at--
	}
	for _, c := range g.comments {
		if c.start < at && c.end >= at {
			return i
		}
	}
	if at < i && w.text[at-1] == ':' {
		at++ // a comma must not touch the colon of an entry without value
	}
	return at
}

// commaBefore reports whether the last sign before the bracket at i, comments
// aside, is a comma.
func (w *walker) commaBefore(i int) bool {
	at, _ := slices.BinarySearchFunc(w.skips, i, func(s span, i int) int { return cmp.Compare(s.start, i) })
	if at == 0 {
		return false
	}
	var last byte
	for j := w.skips[at-1].end; j < i; {
		if j = gap(w.text, j); j < i {
			last = w.text[j]
			j++
		}
	}
	return last == ','
}

// metaEnd extends the span of metadata over the brackets in it.
func (w *walker) metaEnd(m *metaSpan, stop int, g *gaps) {
	k := g.firstBracket(m.start)
	if m.flow {
		if k < len(g.brackets) {
			m.end = min(g.brackets[k].end+1, len(w.text))
		}
		return
	}
	if m.next < len(w.skips) {
		stop = min(stop, w.skips[m.next].start)
	}
	for ; k < len(g.brackets) && g.brackets[k].start < stop; k++ {
		m.end = max(m.end, min(g.brackets[k].end+1, len(w.text)))
	}
}

// finish sees to comments that only one side knows, and to numbers.
func (w *walker) finish() {
	var lost []span
	for _, c := range w.lost {
		if !w.inMeta(w.text, c.start) {
			lost = append(lost, c)
		}
	}
	missing := false
	for _, q := range w.quotes {
		missing = missing || w.leaves[q.leaf].line == 0
	}
	if len(lost) == 0 && !missing {
		return
	}
	w.addLost(lost)
	for _, m := range w.trees {
		w.dropUnplaced(m)
	}
	w.renumber()
}

func (w *scan) inMeta(text []byte, at int) bool {
	for i := range w.parts {
		if m := w.parts[i].meta; m.found && at >= m.start && at < lineEnd(text, m.end) {
			return true
		}
	}
	return false
}

// unframe turns places of the framed text into places of src.
func (w *walker) unframe(src []byte, f *framed) {
	if f.ends == nil {
		return
	}
	for i := range w.parts {
		w.parts[i].end = min(w.parts[i].end, f.ends[i])
	}
	f.limit = len(src)
	for i := range w.leaves {
		l := &w.leaves[i]
		l.start = f.back(l.start)
		if l.comment && l.via == 0 {
			l.line -= f.lines
		}
		l.end, l.prop = f.back(l.end), f.back(l.prop)
		l.head, l.body = f.back(l.head), f.back(l.body)
		if l.tag >= 0 {
			l.tag = f.back(l.tag)
		}
	}
	for i := range w.tags {
		t := &w.tags[i]
		t.start, t.end, t.last = f.back(t.start), f.back(t.end), f.back(t.last)
	}
	for i := range w.sites {
		w.sites[i].start, w.sites[i].end = f.back(w.sites[i].start), f.back(w.sites[i].end)
	}
	for i := range w.parts {
		p := &w.parts[i]
		p.end, p.open, p.last = f.back(p.end), f.back(p.open), f.back(p.last)
	}
}

func newlineOf(src []byte) string {
	i := bytes.IndexByte(src, '\n')
	if i > 0 && src[i-1] == '\r' {
		return "\r\n"
	}
	if i < 0 && bytes.IndexByte(src, '\r') >= 0 {
		return "\r"
	}
	return "\n"
}
