package meta

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/kinds"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// Encode returns the metadata as a tree. What was read keeps its place and its
// shape; new fields come in the order of their names, which is the order of the
// whole where the file had that already.
func (m *Metadata) Encode() *tree.Map {
	root := &tree.Map{}
	if m.origin != nil {
		root = tree.Clone(m.origin).(*tree.Map)
	}
	sorted := isSorted(root)
	if m.origin == nil || !sameKeys(m.groups, m.Groups) {
		m.encodeGroups(root)
	}
	put(root, fieldThreshold, m.Threshold != 0, func() *tree.Scalar {
		return tree.NewScalar(tree.IntValue(int64(m.Threshold)))
	})
	putTime(root, fieldLastModified, m.LastModified)
	putText(root, fieldMAC, m.MAC)
	putText(root, fieldVersion, m.Version)
	layout, seal := m.Layout, m.Seal
	if m.Plain {
		layout, seal = "", ""
	}
	if layout != "" || isText(root, fieldLayout) {
		putText(root, fieldLayout, layout)
	}
	putText(root, fieldSeal, seal)
	for _, f := range m.Selection.All() {
		putText(root, f.Name, f.Text)
	}
	if stored, err := boolField(root, fieldMACOnly); err != nil || stored != m.MACOnlyEncrypted {
		put(root, fieldMACOnly, m.MACOnlyEncrypted, func() *tree.Scalar { return tree.NewScalar(tree.BoolValue(true)) })
	}
	if sorted {
		sortKeys(root)
	}
	return root
}

// encodeGroups writes the key lists: at the top for one group, under key_groups
// for several.
func (m *Metadata) encodeGroups(root *tree.Map) {
	root.Items = slices.DeleteFunc(root.Items, func(it tree.Item) bool {
		return !tree.IsComment(it.Value) && isKnown(it.Key, true) // in any case, as they are read
	})
	for _, g := range m.groups {
		for _, e := range g {
			remove(root, e.Kind)
		}
	}
	if len(m.Groups) == 1 {
		encodeGroup(root, m.Groups[0])
		return
	}
	list := &tree.List{}
	for _, g := range m.Groups {
		group := &tree.Map{}
		for _, k := range kinds.All() {
			if k.InEveryGroup {
				group.Put(k.Name, &tree.List{})
			}
		}
		encodeGroup(group, g)
		sortKeys(group)
		list.Items = append(list.Items, group)
	}
	root.Put(fieldGroups, list)
}

func encodeGroup(m *tree.Map, g Group) {
	lists := map[string]*tree.List{}
	for _, e := range g {
		l := lists[e.Kind]
		if l == nil {
			l = &tree.List{}
			lists[e.Kind] = l
			m.Put(e.Kind, l)
		}
		l.Items = append(l.Items, e.encode())
	}
}

func (e Entry) encode() *tree.Map {
	var m *tree.Map
	if e.origin != nil {
		m = tree.Clone(e.origin).(*tree.Map)
	} else {
		m = newEntry(e.MasterKey)
	}
	sorted := isSorted(m)
	putText(m, "enc", e.Enc)
	if !e.Undated() {
		putTime(m, "created_at", e.Created)
	}
	if sorted {
		sortKeys(m)
	}
	return m
}

func newEntry(k keeper.MasterKey) *tree.Map {
	m := &tree.Map{}
	for _, name := range k.AlwaysWritten() {
		m.Put(name, tree.Text(""))
	}
	for _, f := range k.Fields {
		if f.Map == nil {
			m.Put(f.Name, tree.Text(f.Text))
			continue
		}
		texts := &tree.Map{}
		for _, name := range slices.Sorted(maps.Keys(f.Map)) {
			texts.Put(name, tree.Text(f.Map[name]))
		}
		m.Put(f.Name, texts)
	}
	sortKeys(m)
	return m
}

func sameKeys(a, b []Group) bool {
	return slices.EqualFunc(a, b, func(x, y Group) bool {
		return slices.EqualFunc(x, y, func(e, f Entry) bool {
			return e.origin == f.origin && e.origin != nil && e.Enc == f.Enc && e.Created.Equal(f.Created)
		})
	})
}

// put sets a field, or removes it, and leaves alone what says the same already
// in its own way (a number as a text, a name in another case).
func put(m *tree.Map, name string, present bool, value func() *tree.Scalar) {
	old, _ := lookup(m, name)
	stored, scalar := old.(*tree.Scalar)
	if !present {
		if scalar && scalarText(stored) != "" {
			remove(m, name)
		}
		return
	}
	n := value()
	if !scalar {
		add(m, name, n)
		return
	}
	if scalarText(stored) != scalarText(n) {
		stored.Value = n.Value
	}
}

// add puts a new field before the last one: in a format with commas between its
// fields, one after the last changes that one's line too.
func add(m *tree.Map, name string, n tree.Node) {
	if _, ok := m.Get(name); ok || len(m.Items) == 0 {
		m.Put(name, n)
		return
	}
	m.Items = slices.Insert(m.Items, len(m.Items)-1, tree.Item{Key: name, Value: n})
}

func putText(m *tree.Map, name, text string) {
	put(m, name, text != "", func() *tree.Scalar { return tree.Text(text) })
}

// putTime leaves a stored time alone that means the same, offset included: the
// MAC is bound to how it is written.
func putTime(m *tree.Map, name string, t time.Time) {
	if old, err := textField(m, name); err == nil {
		if o, err := time.Parse(time.RFC3339, old); err == nil && o.Format(time.RFC3339) == t.Format(time.RFC3339) {
			return
		}
	}
	text := ""
	if !t.IsZero() {
		text = t.Format(time.RFC3339)
	}
	putText(m, name, text)
}

func isText(m *tree.Map, name string) bool {
	n, ok := m.Get(name)
	if !ok {
		return false
	}
	_, scalar := n.(*tree.Scalar)
	return scalar
}

// remove removes what lookup finds.
func remove(m *tree.Map, name string) {
	found, ok := lookup(m, name)
	m.Items = slices.DeleteFunc(m.Items, func(it tree.Item) bool { return ok && it.Value == found })
}

func byKey(a, b tree.Item) int { return cmp.Compare(a.Key, b.Key) }

func isSorted(m *tree.Map) bool { return slices.IsSortedFunc(m.Items, byKey) }

func sortKeys(m *tree.Map) { slices.SortStableFunc(m.Items, byKey) }
