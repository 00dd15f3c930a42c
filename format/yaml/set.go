package yaml

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// Apply makes changes, each in the style of what is around it.
func (d *document) Apply(changes []format.Change) (format.Document, error) {
	return orNil(format.ApplyParts(d, changes, (*document).apply))
}

func (d *document) apply(changes []format.Change) (*document, error) {
	at := make([]tree.Address, len(changes))
	for i, c := range changes {
		at[i] = c.At
	}
	want := slices.Clone(d.trees)
	want[0] = tree.CloneAlong(want[0], at)
	if err := format.Make(want[0], changes); err != nil {
		return nil, err
	}
	o, err := d.outline()
	if err != nil {
		return nil, err
	}
	step := o.indentStep()
	var out *document
	for _, tight := range []bool{false, true} {
		s := &setter{outline: o, step: step, tight: tight}
		if err := s.changes(changes); err != nil {
			return nil, err
		}
		if out, err = s.checked(want); err == nil {
			return out, nil
		}
	}
	return nil, err
}

// changes collects the edits: first of values that are set, then of those that
// are removed.
func (s *setter) changes(changes []format.Change) error {
	var gone []removal
	for _, c := range changes {
		if len(c.At) == 0 {
			return errors.New("the whole document cannot be set")
		}
		way, err := s.path(c.At)
		if err != nil {
			return err
		}
		if s.way = way; c.New == nil {
			if len(way) != len(c.At)+1 {
				return fmt.Errorf("component %s: %w", c.At, tree.ErrNotFound)
			}
			gone = append(gone, removal{way[len(way)-2], way[len(way)-1]})
			continue
		}
		if missing := c.At[len(way)-1:]; len(missing) == 0 {
			err = s.replace(way, c.New)
		} else {
			err = s.add(way, missing, c.New)
		}
		if err != nil {
			return err
		}
	}
	s.remove(gone)
	return nil
}

// checked makes the edits and makes sure that the text then reads as want.
func (s *setter) checked(want []*tree.Map) (*document, error) {
	d := s.document
	text, err := format.Splice(d.src, s.edits)
	if err != nil {
		return nil, err
	}
	out, diff, err := d.compare(text, want)
	if diff != "" && !endsInBreak(text) {
		// A block scalar at the end may need the break that the text lacks.
		out, diff, err = d.compare(append(text, d.newline...), want)
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("the change would make the text unreadable: %w", err)
	case diff != "":
		return nil, s.sharedOr(s.way, fmt.Errorf("the change would not read back as asked: %s", diff))
	}
	return out, nil
}

func (d *document) compare(text []byte, want []*tree.Map) (out *document, diff string, err error) {
	out, err = d.format.parse(withMark(text, d.bom), d.encrypted)
	if err != nil {
		return nil, "", err
	}
	return out, tree.Diff(want, out.trees), nil
}

// sharedOr explains a change that others would see through an anchor on way, or
// returns err.
func (o *outline) sharedOr(way []*element, err error) error {
	for _, t := range way {
		if o.file.Anchor(t.id) != "" {
			e := problemAt(o.file, t.id, "what is here has an anchor, and aliases refer to it elsewhere")
			e.Hint = "use edit to change all of them, or write the aliases out first"
			return e
		}
	}
	return err
}

// A setter collects the edits of changes.
type setter struct {
	*outline
	way  []*element // that of the last change
	step int
	// tight is for a second try: strings in quotes, since what is around
	// may spoil other styles.
	tight bool
	edits []format.Edit
	gone  map[*element]bool // the entries that are removed
}

func (s *setter) edit(start, end int, text string) {
	s.edits = append(s.edits, format.Edit{Start: start, End: end, Text: text})
}

// replace puts n in the place of the last element of way.
func (s *setter) replace(way []*element, n tree.Node) error {
	t, parent := way[len(way)-1], way[len(way)-2]
	scalar, isScalar := n.(*tree.Scalar)
	if isScalar && t.isScalar() {
		if old, err := valueOf(s.file, t.id); err == nil && old == scalar.Value {
			return nil
		}
	}
	switch {
	case isScalar && t.isScalar() && t.end > t.start:
		s.rescalar(t, scalar)
	case parent.at.flow:
		s.flowValue(t, n)
	case isScalar || isEmpty(n):
		s.inlineValue(t, parent, n)
	default:
		return s.blockValue(t, parent, n)
	}
	return nil
}

// isEmpty reports whether n is a container without entries.
func isEmpty(n tree.Node) bool {
	switch n := n.(type) {
	case *tree.Map:
		for _, it := range n.Items {
			if !tree.IsComment(it.Value) {
				return false
			}
		}
		return true
	case *tree.List:
		return n.Len() == 0
	}
	return false
}

// rescalar writes one scalar over another, in its style if that can carry it.
func (s *setter) rescalar(t *element, n *tree.Scalar) {
	p, v := &t.place, n.Value
	start := p.start
	switch {
	case p.tag >= 0:
		start = p.tag
	case s.soleTag(t) && (v.Kind() != tree.String || s.file.Tag(t.id) == "!!str"):
		start = p.prop
	}
	slot := s.document.slot(p)
	slot.step = s.step
	if s.tight {
		slot.style = double
	}
	afterHeader := p.block() && s.commentFollows(p.head)
	slot.oneLine = slot.oneLine || afterHeader
	text, whole := slot.set(n)
	switch {
	case whole && afterHeader:
		s.edit(start, p.head, text)
		s.edit(lineEnd(s.text, p.head), p.end, "")
	case whole:
		s.edit(start, p.end, text)
	default:
		s.edit(start, p.start, "")
		s.edit(p.body, p.end, text)
	}
}

// set is write for a value that a person puts there: text with newlines becomes
// a literal block where its old style would need escapes.
func (s *slot) set(n *tree.Scalar) (text string, whole bool) {
	v := n.Value
	if v.Kind() != tree.String {
		return spellExact(n), true
	}
	t := v.Str()
	switch {
	case s.style == literal || s.style == folded:
		if body, ok := s.body(t); ok {
			return body, false
		}
		return s.free(t), true
	case s.style == single && strings.Contains(t, "\n"):
		return s.free(t), true
	case s.style == plain && s.flow && !look(t).flowPlain:
		return quoted(t), true
	}
	return s.write(v)
}

// inline spells a scalar or an empty container for a block collection.
func (s *setter) inline(n tree.Node, list bool, column int) string {
	switch n := n.(type) {
	case *tree.Map:
		return "{}"
	case *tree.List:
		return "[]"
	case *tree.Scalar:
		slot := slot{list: list, column: column, step: s.step, newline: s.newline}
		if s.tight {
			slot.style = double
		}
		text, _ := slot.set(n)
		return text
	}
	return "null"
}

// flowValue puts n where t is in a flow collection.
func (s *setter) flowValue(t *element, n tree.Node) {
	text := flowText(n)
	if t.isScalar() && t.end == t.start {
		s.fill(t, text)
		return
	}
	s.edit(t.start, t.end, text)
}

// fill writes text where a null was without one. Its tag would make a string
// of anything.
func (s *setter) fill(t *element, text string) {
	if s.soleTag(t) && s.tight {
		s.edit(t.place.prop, t.start, text)
		return
	}
	s.edit(t.start, t.start, s.lead(t)+text)
}

// lead returns what must be before a value that had no text.
func (s *setter) lead(t *element) string {
	at := t.start
	for at > 0 && isBlank(s.text[at-1]) {
		at--
	}
	switch {
	case t.place.prop < t.start, at > 0 && (s.text[at-1] == ':' || s.text[at-1] == '-'):
		if at < t.start {
			return ""
		}
		return " "
	}
	return ": "
}

// inlineValue puts a scalar or an empty container where t is in a block
// collection.
func (s *setter) inlineValue(t, parent *element, n tree.Node) {
	text := s.inline(n, parent.isList(), parent.at.column)
	if t.isScalar() && t.end == t.start {
		s.fill(t, text)
		return
	}
	if t.isFlow() || t.isScalar() || t.key == nil || s.sameLine(t) {
		s.edit(s.valueStart(t), t.end, text)
		return
	}
	s.dropBlock(t, " "+text)
}

// valueStart is where t begins, with the properties that go with a collection.
func (s *setter) valueStart(t *element) int {
	if t.isMap() || t.isList() {
		return t.place.prop
	}
	return t.start
}

func (s *setter) sameLine(t *element) bool {
	return lineStart(s.text, t.start) == lineStart(s.text, t.key.end)
}

// dropBlock removes a block collection that is on the lines below its key
// and writes text after the key's colon.
func (s *setter) dropBlock(t *element, text string) {
	colon := s.colon(t)
	end := lineEnd(s.text, colon)
	s.edit(colon, s.propertiesEnd(t, colon), text)
	s.edit(end, max(end, lineEnd(s.text, t.end)), "")
}

// propertiesEnd returns the end of the properties of t that are on the line
// of its key, or colon.
func (s *setter) propertiesEnd(t *element, colon int) int {
	end := lineEnd(s.text, colon)
	if t.place.prop == t.start || t.place.prop > end {
		return colon
	}
	if i := bytes.Index(s.text[t.place.prop:end], []byte(" #")); i >= 0 {
		end = t.place.prop + i
	}
	return len(bytes.TrimRight(s.text[:end], " \t"))
}

// colon returns the place after the colon of t's key.
func (s *setter) colon(t *element) int {
	at := t.key.end
	for at < len(s.text) && s.text[at] != ':' {
		at++
	}
	return min(at+1, len(s.text))
}

// blockValue puts a container with entries where t is in a block
// collection.
func (s *setter) blockValue(t, parent *element, n tree.Node) error {
	if t.key == nil {
		text, err := s.block(n, parent.at.column+2)
		if err != nil {
			return err
		}
		lead := ""
		if t.end == t.start && t.isScalar() {
			lead = s.lead(t)
		}
		s.edit(s.valueStart(t), max(t.end, t.start), lead+strings.TrimLeft(text, " "))
		return nil
	}
	text, err := s.block(n, parent.at.column+s.step)
	if err != nil {
		return err
	}
	colon := s.colon(t)
	end := lineEnd(s.text, colon)
	switch {
	case t.start > end && t.end > t.start:
		s.edit(colon, s.propertiesEnd(t, colon), "")
		s.edit(end, lineEnd(s.text, t.end), s.newline+text)
		return nil
	case t.end > end:
		s.edit(colon, lineEnd(s.text, t.end), s.newline+text)
		return nil
	}
	if t.end > t.start {
		start := s.valueStart(t)
		for start > colon && isBlank(s.text[start-1]) {
			start--
		}
		s.edit(start, t.end, "")
	}
	s.edit(end, end, s.newline+text)
	return nil
}

// block writes n in block form with its entries at column, without a break at
// the end.
func (s *setter) block(n tree.Node, column int) (string, error) {
	root, err := toExactNode(n)
	if err != nil {
		return "", err
	}
	out, err := emit([]*node{root}, s.step)
	if err != nil {
		return "", err
	}
	lines := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	for i, l := range lines {
		if l != "" {
			lines[i] = strings.Repeat(" ", column) + l
		}
	}
	return strings.Join(lines, s.newline), nil
}
