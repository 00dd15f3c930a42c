package tree

import (
	"fmt"
	"strconv"
	"strings"
)

// The flat form is how dotenv and INI files, which have no depth, hold the
// metadata: one line for each scalar, named by its path. Stepping into a map
// adds "__map_" and the key, stepping into a list adds "__list_" and the
// position; the first component has no mark.
const (
	flatMap  = "__map_"
	flatList = "__list_"
)

// A FlatLine is one line of the flat form.
type FlatLine struct{ Name, Text string }

// Flatten returns the flat form of m. Empty containers, null and comments leave
// no line. It refuses keys that would be taken for a step.
func Flatten(m *Map) ([]FlatLine, error) {
	var out []FlatLine
	for _, it := range m.Items {
		if IsComment(it.Value) {
			continue
		}
		if err := flatten(&out, it.Key, it.Key, it.Value); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func flatten(out *[]FlatLine, name, key string, n Node) error {
	if strings.Contains(key, flatMap) || strings.Contains(key, flatList) {
		return fmt.Errorf("the metadata key %q holds %s or %s, which this format uses for paths", key, flatMap, flatList)
	}
	switch n := n.(type) {
	case *Map:
		for _, it := range n.Items {
			if err := flatten(out, name+flatMap+it.Key, it.Key, it.Value); err != nil {
				return err
			}
		}
	case *List:
		for i, it := range n.Items {
			if err := flatten(out, name+flatList+strconv.Itoa(i), "", it); err != nil {
				return err
			}
		}
	case *Scalar:
		if n.Value.Kind() == Null {
			return nil
		}
		text := n.Value.Canonical()
		if n.Value.Kind() == Bool {
			text = strings.ToLower(text)
		}
		*out = append(*out, FlatLine{name, text})
	}
	return nil
}

// Unflatten builds the tree of flat lines; every scalar is a string. Lines may
// be in any order. It refuses a duplicate name, a name that is both a
// scalar and a container, and list positions that are not complete from zero.
func Unflatten(lines []FlatLine) (*Map, error) {
	root := &flatNode{}
	for _, l := range lines {
		if err := root.put(steps(l.Name), l); err != nil {
			return nil, err
		}
	}
	n, err := root.build("")
	if err != nil {
		return nil, err
	}
	if m, ok := n.(*Map); ok {
		return m, nil
	}
	return &Map{}, nil
}

type flatNode struct {
	text   *string
	list   bool
	names  []string
	childs map[string]*flatNode
}

// steps splits a name at its marks: "k", "__map_a", "__list_0".
func steps(name string) []string {
	var out []string
	for {
		cut := -1
		for _, mark := range []string{flatMap, flatList} {
			from := 0
			if strings.HasPrefix(name, mark) && len(out) > 0 {
				from = len(mark)
			}
			if i := strings.Index(name[from:], mark); i >= 0 && (cut < 0 || from+i < cut) {
				cut = from + i
			}
		}
		if cut < 0 {
			return append(out, name)
		}
		out = append(out, name[:cut])
		name = name[cut:]
	}
}

func (f *flatNode) put(path []string, l FlatLine) error {
	for i, s := range path {
		key := strings.TrimPrefix(s, flatMap)
		list := i > 0 && strings.HasPrefix(s, flatList)
		if list {
			// A position that is no number counts as the first, as in other programs.
			n, err := strconv.Atoi(strings.TrimPrefix(s, flatList))
			if err != nil {
				n = 0
			}
			key = strconv.Itoa(n)
		}
		if f.text != nil || f.childs != nil && f.list != list {
			return fmt.Errorf("metadata line %q: a part of the name is already something else", l.Name)
		}
		f.list = list
		if f.childs == nil {
			f.childs = map[string]*flatNode{}
		}
		next := f.childs[key]
		if next == nil {
			next = &flatNode{}
			f.childs[key] = next
			f.names = append(f.names, key)
		}
		f = next
	}
	if f.text != nil || f.childs != nil {
		return fmt.Errorf("duplicate metadata line %q", l.Name)
	}
	f.text = &l.Text
	return nil
}

func (f *flatNode) build(name string) (Node, error) {
	if f.text != nil {
		return Text(*f.text), nil
	}
	if !f.list {
		m := &Map{}
		for _, k := range f.names {
			n, err := f.childs[k].build(name + flatMap + k)
			if err != nil {
				return nil, err
			}
			m.Items = append(m.Items, Item{Key: k, Value: n})
		}
		return m, nil
	}
	l := &List{}
	for i := range f.names {
		next := f.childs[strconv.Itoa(i)]
		if next == nil {
			return nil, fmt.Errorf("metadata list %q: position %d is missing", strings.TrimPrefix(name, flatMap), i)
		}
		n, err := next.build(name + flatList + strconv.Itoa(i))
		if err != nil {
			return nil, err
		}
		l.Items = append(l.Items, n)
	}
	return l, nil
}
