package json

import (
	"fmt"
	"strings"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/internal/jsontext"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// Apply makes changes, each in the style of what is around it.
func (d *document) Apply(changes []format.Change) (format.Document, error) {
	out, err := format.ApplyParts(d, changes, (*document).apply)
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (d *document) apply(changes []format.Change) (*document, error) {
	s := setter{document: d, raw: d.raw(), keys: map[*jsontext.Node]map[string]int{}, gone: map[*jsontext.Node]map[int]bool{}}
	for _, c := range changes {
		if err := s.change(c); err != nil {
			return nil, err
		}
	}
	s.cut()
	text, err := format.Splice(d.src, s.edits)
	if err != nil {
		return nil, err
	}
	return d.format.parse(text)
}

// A setter collects the edits of changes.
type setter struct {
	*document
	raw   bool
	edits []format.Edit
	keys  map[*jsontext.Node]map[string]int // of large objects
	gone  map[*jsontext.Node]map[int]bool   // the members that are removed
	order []*jsontext.Node                  // the keys of gone
}

func (s *setter) change(c format.Change) error {
	if len(c.At) == 0 {
		return fmt.Errorf("the document itself: %w", tree.ErrNotFound)
	}
	if c.New == nil {
		return s.unset(c.At)
	}
	if !c.At[0].IsKey {
		return fmt.Errorf("component %s: %w: the document is a map, it has keys", c.At[:1], tree.ErrNotFound)
	}
	e, err := s.set(c.At, c.New)
	s.edits = append(s.edits, e)
	return err
}

// set follows a as far as the file goes. There it replaces the value, adds a
// member, or puts a container where a single value is in the way.
func (s *setter) set(a tree.Address, n tree.Node) (format.Edit, error) {
	at, style := &s.file.Root, jsontext.Style{}
	for i, step := range a {
		if step.IsKey != (at.Kind == jsontext.Object) || at.Kind == jsontext.Scalar {
			return s.replace(at, wrap(a[i:], n), style)
		}
		style = s.file.Style(at, s.format.indent())
		style.Raw = s.raw
		next := s.member(at, step)
		if next < 0 {
			if at == &s.file.Root {
				at = s.beforeMeta()
			}
			return s.add(at, step.Key, wrap(a[i+1:], n), style)
		}
		at = &at.Members[next].Node
	}
	return s.replace(at, n, style)
}

// beforeMeta returns the root without the metadata, if that is its last member,
// so that what is added comes before it.
func (s *setter) beforeMeta() *jsontext.Node {
	root := s.file.Root
	if s.meta > 0 && s.meta == len(root.Members)-1 {
		root.Members = root.Members[:s.meta]
	}
	return &root
}

func (s *setter) replace(old *jsontext.Node, n tree.Node, style jsontext.Style) (format.Edit, error) {
	text, err := s.file.Replace(old, n, style)
	if err != nil {
		return format.Edit{}, writeError(err)
	}
	return format.Edit{Start: old.Start, End: old.End, Text: text}, nil
}

// raw reports whether the file spells < > & without escapes.
func (d *document) raw() bool {
	for _, escape := range []string{`\u003c`, `\u003e`, `\u0026`} {
		if strings.Contains(d.file.Text, escape) {
			return false
		}
	}
	return true
}

// wrap returns n below the steps of a.
func wrap(a tree.Address, n tree.Node) tree.Node {
	for i := len(a) - 1; i >= 0; i-- {
		if a[i].IsKey {
			n = &tree.Map{Items: []tree.Item{{Key: a[i].Key, Value: n}}}
		} else {
			n = &tree.List{Items: []tree.Node{n}}
		}
	}
	return n
}

// indexed is the number of members from which an object is worth an index.
const indexed = 16

// member returns the position of the member at a step, or -1.
func (s *setter) member(n *jsontext.Node, step tree.Step) int {
	switch {
	case !step.IsKey:
		if n.Kind == jsontext.Array && step.Index < len(n.Members) {
			return step.Index
		}
		return -1
	case n.Kind != jsontext.Object || len(n.Members) < indexed:
		return n.Find(step.Key)
	}
	keys, ok := s.keys[n]
	if !ok {
		keys = make(map[string]int, len(n.Members))
		for i := range n.Members {
			if _, again := keys[n.Members[i].Key]; !again {
				keys[n.Members[i].Key] = i
			}
		}
		s.keys[n] = keys
	}
	if i, ok := keys[step.Key]; ok {
		return i
	}
	return -1
}

func (s *setter) unset(a tree.Address) error {
	n := &s.file.Root
	for i, step := range a {
		at := s.member(n, step)
		if at < 0 || n == &s.file.Root && at == s.meta {
			_, err := tree.Find(s.trees[0], a)
			return err
		}
		if i < len(a)-1 {
			n = &n.Members[at].Node
			continue
		}
		if s.gone[n] == nil {
			s.gone[n] = map[int]bool{}
			s.order = append(s.order, n)
		}
		s.gone[n][at] = true
	}
	return nil
}

// cut removes the members that are gone.
func (s *setter) cut() {
	for _, n := range s.order {
		gone := s.gone[n]
		s.edits = cutMembers(s.edits, n, func(i int) bool { return gone[i] })
	}
}
