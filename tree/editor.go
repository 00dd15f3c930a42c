package tree

import "fmt"

// An Index finds keys in large maps. It is made on the way and is true while the
// maps do not change under it.
type Index map[*Map]map[string]int

// indexed is the number of items from which a map is worth an index.
const indexed = 16

// find returns the position of the first pair with a key, or -1.
func (x Index) find(m *Map, key string) int {
	if len(m.Items) < indexed {
		for i, it := range m.Items {
			if it.Key == key && !IsComment(it.Value) {
				return i
			}
		}
		return -1
	}
	keys, ok := x[m]
	if !ok {
		keys = make(map[string]int, len(m.Items))
		for i, it := range m.Items {
			if _, again := keys[it.Key]; !again && !IsComment(it.Value) {
				keys[it.Key] = i
			}
		}
		x[m] = keys
	}
	if i, ok := keys[key]; ok {
		return i
	}
	return -1
}

// Child returns the node a step below n, nil if there is none.
func (x Index) Child(n Node, s Step) Node {
	switch n := n.(type) {
	case *Map:
		if i := -1; s.IsKey {
			if i = x.find(n, s.Key); i >= 0 {
				return n.Items[i].Value
			}
		}
	case *List:
		if i := -1; !s.IsKey {
			if i = n.Position(s.Index); i >= 0 {
				return n.Items[i]
			}
		}
	}
	return nil
}

// replace puts n at a step below parent, where something is.
func (x Index) replace(parent Node, s Step, n Node) {
	switch p := parent.(type) {
	case *Map:
		p.Items[x.find(p, s.Key)].Value = n
	case *List:
		p.Items[p.Position(s.Index)] = n
	}
}

// An Editor changes one document at many places, each in the time that its
// address takes.
type Editor struct {
	root  *Map
	index Index
	// shifted says from which position on an index is not true any more, since
	// a pair before it was removed.
	shifted map[*Map]int
}

// NewEditor returns an editor of a document.
func NewEditor(root *Map) *Editor {
	return &Editor{root, Index{}, map[*Map]int{}}
}

// find returns the position of a key in a map, or -1.
func (e *Editor) find(m *Map, key string) int {
	i := e.index.find(m, key)
	if from, ok := e.shifted[m]; ok && (i < 0 || i >= from) {
		delete(e.index, m)
		delete(e.shifted, m)
		i = e.index.find(m, key)
	}
	return i
}

// Set puts n at a, making the parents that are missing: a map for a key, a list
// for a position. A position at or after the end appends. A single value on the
// way gives place to a container.
func (e *Editor) Set(a Address, n Node) {
	var at Node = e.root
	set := func(Node) {}
	for _, s := range a {
		at, set = e.enter(at, s, set)
	}
	set(n)
}

// enter returns the child at s, nil if there is none, and the function that
// replaces it. set replaces at itself.
func (e *Editor) enter(at Node, s Step, set func(Node)) (Node, func(Node)) {
	if s.IsKey {
		m, ok := at.(*Map)
		if !ok {
			m = &Map{}
			set(m)
		}
		if i := e.find(m, s.Key); i >= 0 {
			return m.Items[i].Value, func(n Node) { m.Items[i].Value = n }
		}
		i := -1
		return nil, func(n Node) {
			if i >= 0 {
				m.Items[i].Value = n
				return
			}
			i = len(m.Items)
			if keys, ok := e.index[m]; ok {
				keys[s.Key] = i
			}
			m.Items = append(m.Items, Item{Key: s.Key, Value: n})
		}
	}
	l, ok := at.(*List)
	if !ok {
		l = &List{}
		set(l)
	}
	if i := l.Position(s.Index); i >= 0 {
		return l.Items[i], func(n Node) { l.Items[i] = n }
	}
	i := len(l.Items)
	return nil, func(n Node) {
		if i == len(l.Items) {
			l.Items = append(l.Items, n)
			return
		}
		l.Items[i] = n
	}
}

// Unset removes the node at a.
func (e *Editor) Unset(a Address) error {
	if len(a) == 0 {
		return fmt.Errorf("the document itself: %w", ErrNotFound)
	}
	var parent Node = e.root
	for _, s := range a[:len(a)-1] {
		if parent = e.child(parent, s); parent == nil {
			break
		}
	}
	last := a[len(a)-1]
	if parent == nil || e.child(parent, last) == nil {
		_, err := Find(e.root, a) // says which step leads nowhere
		return err
	}
	switch p := parent.(type) {
	case *Map:
		i := e.find(p, last.Key)
		p.Items = append(p.Items[:i:i], p.Items[i+1:]...)
		if keys, ok := e.index[p]; ok {
			delete(keys, last.Key)
			e.shifted[p] = i
		}
	case *List:
		i := p.Position(last.Index)
		p.Items = append(p.Items[:i:i], p.Items[i+1:]...)
	}
	return nil
}

func (e *Editor) child(n Node, s Step) Node {
	if m, ok := n.(*Map); ok {
		if !s.IsKey {
			return nil
		}
		if i := e.find(m, s.Key); i >= 0 {
			return m.Items[i].Value
		}
		return nil
	}
	return e.index.Child(n, s)
}
