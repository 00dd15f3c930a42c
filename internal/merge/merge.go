// Package merge makes one tree of two that came from a third: values by their
// paths, lists by the names or the order of their elements, comments as lines of
// text. It knows nothing of files, keys or git.
//
//	r := merge.Trees(base, ours, theirs, merge.Options{})
//	for _, c := range r.Conflicts { ... } // r.Trees has our state there
//
// No value is lost and none is invented: what is new on a side is in the result
// or in a conflict. Sides swapped give the same conflicts and, but for the order
// of keys and appended elements, the same tree. What one side removed and the
// other changed is a conflict: to keep it may bring back a secret that was removed
// on purpose, to drop it may lose a rotation.
package merge

import (
	"github.com/seed-1f7fdfb8/sops/tree"
)

// Options say how to merge. The zero value is the careful default.
type Options struct {
	NoRenames bool // a renamed key is one that is gone and one that is new
	ListUnion bool // elements that both sides add at one place are ours, then theirs
}

// A Kind says what a conflict is about.
type Kind string

// Kinds of conflicts.
const (
	ModifyModify Kind = "modify/modify"
	DeleteModify Kind = "delete/modify"
	AddAdd       Kind = "add/add"
	RenameRename Kind = "rename/rename"
	Type         Kind = "type"
	List         Kind = "list"
	Order        Kind = "order"
	Documents    Kind = "documents"
)

// A Conflict is a place where no rule says which side counts. Nodes are nil where a
// state lacks the value; the result has that of ours.
type Conflict struct {
	Document           int
	At                 tree.Address // no steps: the whole document, or all of them
	Kind               Kind
	Base, Ours, Theirs tree.Node
}

// A Result is what two trees came to.
type Result struct {
	Trees     []*tree.Map
	Conflicts []Conflict
	Notes     []string // what was decided and should be known; no values
}

// Trees merges the documents of two files that came from base. A nil base is that
// of files that came from nothing. The trees that it is given stay as they are.
func Trees(base, ours, theirs []*tree.Map, o Options) Result {
	m := &merger{options: o}
	r := Result{Trees: m.documents(base, ours, theirs)}
	for i, t := range r.Trees {
		r.Trees[i] = tree.Clone(t).(*tree.Map)
	}
	r.Conflicts, r.Notes = m.conflicts, m.notes
	return r
}

// A merger collects what comes up on the way.
type merger struct {
	options   Options
	document  int
	conflicts []Conflict
	notes     []string
}

func (m *merger) conflict(at tree.Address, kind Kind, base, ours, theirs tree.Node) {
	m.conflicts = append(m.conflicts, Conflict{m.document, append(tree.Address(nil), at...), kind, base, ours, theirs})
}

// documents merges the documents of a file: by their identities where all have
// such, else one by one.
func (m *merger) documents(base, ours, theirs []*tree.Map) []*tree.Map {
	if order, ok := m.named(base, ours, theirs); ok {
		return order
	}
	if len(ours) == len(theirs) && (len(base) == len(ours) || len(base) == 0) {
		out := make([]*tree.Map, len(ours))
		for i := range ours {
			var o *tree.Map
			if len(base) > 0 {
				o = base[i]
			}
			m.document = i
			out[i] = m.maps(nil, o, ours[i], theirs[i])
		}
		return out
	}
	switch all := documentsKey; {
	case all(base) == all(ours):
		return theirs
	case all(base) == all(theirs):
		return ours
	}
	m.document = 0
	m.conflict(nil, Documents, asList(base), asList(ours), asList(theirs))
	return ours
}

// named merges documents that have identities, in the order of ours.
func (m *merger) named(base, ours, theirs []*tree.Map) ([]*tree.Map, bool) {
	o, a, b := listOf(base), listOf(ours), listOf(theirs)
	if len(ours) < 2 && len(theirs) < 2 {
		return nil, false // an only document is itself, whatever it is called
	}
	for _, l := range []*tree.List{o, a, b} {
		if !unique(l, kubernetes) {
			return nil, false
		}
	}
	merged, kind := m.byName(nil, o, a, b, kubernetes, func(i int) (tree.Address, int) { return nil, i })
	if kind != "" {
		m.conflict(nil, Documents, asList(base), a, b)
		return ours, true
	}
	out := make([]*tree.Map, 0, len(merged.Items))
	for _, n := range merged.Items {
		if d, ok := n.(*tree.Map); ok {
			out = append(out, d)
		}
	}
	return out, true
}

func listOf(docs []*tree.Map) *tree.List {
	l := &tree.List{}
	for _, d := range docs {
		l.Items = append(l.Items, d)
	}
	return l
}

func asList(docs []*tree.Map) tree.Node {
	if docs == nil {
		return nil
	}
	return listOf(docs)
}

// node merges what is at one place; nil is nothing.
func (m *merger) node(at tree.Address, o, a, b tree.Node) tree.Node {
	if am, ok := a.(*tree.Map); ok {
		if bm, ok := b.(*tree.Map); ok {
			om, _ := o.(*tree.Map)
			return m.maps(at, om, am, bm)
		}
	}
	if al, ok := a.(*tree.List); ok {
		if bl, ok := b.(*tree.List); ok {
			ol, _ := o.(*tree.List)
			return m.lists(at, ol, al, bl)
		}
	}
	switch {
	case Equal(a, b):
		return a
	case Equal(o, a):
		return b
	case Equal(o, b):
		return a
	case a == nil || b == nil:
		m.conflict(at, DeleteModify, o, a, b)
	case o == nil:
		m.conflict(at, AddAdd, o, a, b)
	case shape(a) != shape(b):
		m.conflict(at, Type, o, a, b)
	default:
		m.conflict(at, ModifyModify, o, a, b)
	}
	return a
}

// shape says of what type a node is.
func shape(n tree.Node) string {
	switch n := n.(type) {
	case *tree.Map:
		return "map"
	case *tree.List:
		return "list"
	case *tree.Scalar:
		return "scalar " + n.Value.Type()
	}
	return ""
}
