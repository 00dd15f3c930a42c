package merge

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/seed-1f7fdfb8/sops/tree"
)

// A world makes random trees and changes them. New texts are new: where one comes
// from is certain.
type world struct {
	*rand.Rand
	n int
}

func (w *world) fresh(kind string) string {
	w.n++
	return kind + strconv.Itoa(w.n)
}

func (w *world) value() tree.Node {
	switch w.IntN(12) {
	case 0:
		return tree.NewScalar(tree.Value{})
	case 1:
		return tree.NewScalar(tree.IntValue(int64(w.IntN(3))))
	case 2:
		return tree.NewScalar(tree.BoolValue(w.IntN(2) == 0))
	case 3, 4:
		return tree.Text([]string{"", "x", "long enough", "0"}[w.IntN(4)])
	}
	return tree.Text(w.fresh("value"))
}

func (w *world) key() string { return string(rune('a' + w.IntN(6))) }

func (w *world) node(depth int) tree.Node {
	switch n := w.IntN(8); {
	case depth > 0 && n == 0:
		return w.list(depth - 1)
	case depth > 0 && n == 1:
		return w.namedList(depth - 1)
	case depth > 0 && n < 4:
		return w.mapping(depth - 1)
	}
	return w.value()
}

func (w *world) mapping(depth int) *tree.Map {
	m := &tree.Map{}
	for range w.IntN(5) {
		w.comment(&m.Items)
		if k := w.key(); !has(m, k) {
			m.Items = append(m.Items, tree.Item{Key: k, Value: w.node(depth)})
		}
	}
	w.comment(&m.Items)
	return m
}

func has(m *tree.Map, k string) bool {
	_, ok := m.Get(k)
	return ok
}

func (w *world) comment(to *[]tree.Item) {
	if w.IntN(6) == 0 {
		*to = append(*to, tree.Item{Value: &tree.Comment{Text: w.fresh("comment"), Inline: w.IntN(2) == 0}})
	}
}

func (w *world) list(depth int) *tree.List {
	l := &tree.List{}
	for range w.IntN(5) {
		l.Items = append(l.Items, w.node(depth))
	}
	return l
}

func (w *world) namedList(depth int) *tree.List {
	l := &tree.List{}
	for i := range w.IntN(5) {
		l.Items = append(l.Items, w.element(string(rune('u'+i)), depth))
	}
	return l
}

func (w *world) element(name string, depth int) *tree.Map {
	m := w.mapping(depth)
	m.Items = append([]tree.Item{{Key: "name", Value: tree.Text(name)}}, m.Items...)
	return m
}

// changed returns a copy of n with some changes.
func (w *world) changed(n tree.Node, depth int) tree.Node {
	if w.IntN(12) == 0 {
		return w.node(depth)
	}
	switch n := n.(type) {
	case *tree.Map:
		return w.changedMap(n, depth)
	case *tree.List:
		return w.changedList(n, depth)
	}
	if w.IntN(5) == 0 {
		return w.value()
	}
	return n
}

func (w *world) changedMap(n *tree.Map, depth int) *tree.Map {
	m := &tree.Map{}
	for _, it := range n.Items {
		switch w.IntN(14) {
		case 0:
			continue
		case 1:
			if k := w.key(); !tree.IsComment(it.Value) && it.Key != "name" && !has(n, k) && !has(m, k) {
				it.Key = k
			}
		case 2:
			if tree.IsComment(it.Value) {
				it.Value = &tree.Comment{Text: w.fresh("comment")}
			}
		}
		if !tree.IsComment(it.Value) && it.Key != "name" {
			it.Value = w.changed(it.Value, depth-1)
		}
		m.Items = append(m.Items, it)
	}
	if k := w.key(); w.IntN(5) == 0 && !has(m, k) {
		m.Items = slices.Insert(m.Items, w.IntN(len(m.Items)+1), tree.Item{Key: k, Value: w.node(depth - 1)})
	}
	if w.IntN(10) == 0 {
		w.Shuffle(len(m.Items), func(i, j int) { m.Items[i], m.Items[j] = m.Items[j], m.Items[i] })
	}
	w.comment(&m.Items)
	return m
}

func (w *world) changedList(n *tree.List, depth int) *tree.List {
	l := &tree.List{}
	for _, e := range n.Items {
		if w.IntN(10) > 0 {
			l.Items = append(l.Items, w.changed(e, depth-1))
		}
	}
	if w.IntN(4) == 0 {
		e := w.node(depth - 1)
		if len(n.Items) > 0 {
			if _, named := n.Items[0].(*tree.Map); named {
				e = w.element(w.fresh("name"), depth-1)
			}
		}
		l.Items = slices.Insert(l.Items, w.IntN(len(l.Items)+1), e)
	}
	if w.IntN(10) == 0 {
		w.Shuffle(len(l.Items), func(i, j int) { l.Items[i], l.Items[j] = l.Items[j], l.Items[i] })
	}
	return l
}

// triple returns a base and two states that came from it.
func triple(seed uint64) (o, a, b []*tree.Map) {
	w := &world{Rand: rand.New(rand.NewPCG(seed, 7))}
	base := w.mapping(3)
	ours := w.changedMap(base, 3)
	theirs := w.changedMap(base, 3)
	return []*tree.Map{base}, []*tree.Map{ours}, []*tree.Map{theirs}
}

// textsOf returns the texts of values and comments in nodes.
func textsOf(nodes ...tree.Node) (values, comments map[string]bool) {
	values, comments = map[string]bool{}, map[string]bool{}
	for _, n := range nodes {
		if n == nil {
			continue
		}
		tree.Each(n, func(n tree.Node) {
			switch n := n.(type) {
			case *tree.Scalar:
				values[key(n)] = true
			case *tree.Comment:
				comments[n.Text] = true
			}
		})
	}
	return values, comments
}

// checkLaws returns the first law that a triple breaks.
func checkLaws(o, a, b []*tree.Map) error {
	for _, same := range []struct {
		name         string
		o, a, b, who []*tree.Map
	}{{"O, A, O", o, a, o, a}, {"O, O, B", o, o, b, b}, {"O, A, A", o, a, a, a}} {
		r := Trees(same.o, same.a, same.b, Options{})
		if len(r.Conflicts) > 0 || documentsKey(r.Trees) != documentsKey(same.who) {
			return fmt.Errorf("%s is not the side that changed: %v", same.name, r.Conflicts)
		}
		_, got := textsOf(listOf(r.Trees))
		_, want := textsOf(listOf(same.who))
		for text := range want {
			if !got[text] {
				return fmt.Errorf("%s: comment %s is lost", same.name, text)
			}
		}
	}
	r, swapped := Trees(o, a, b, Options{}), Trees(o, b, a, Options{})
	if x, y := kinds(r, false), kinds(swapped, true); x != y {
		return fmt.Errorf("swapped sides have other conflicts: %s, %s", x, y)
	}
	if x, y := sorted(listOf(r.Trees)), sorted(listOf(swapped.Trees)); len(r.Conflicts) == 0 && x != y {
		return fmt.Errorf("swapped sides give another tree: %s, %s", x, y)
	}
	return nothingLost(r, o, a, b)
}

// nothingLost is the law that all that is new on a side is in the result or in a
// conflict, and that all of the result was there before.
func nothingLost(r Result, o, a, b []*tree.Map) error {
	all := []tree.Node{listOf(r.Trees)}
	for _, c := range r.Conflicts {
		all = append(all, c.Base, c.Ours, c.Theirs)
	}
	values, comments := textsOf(all...)
	before, commentsBefore := textsOf(listOf(o))
	for _, side := range [][]*tree.Map{a, b} {
		v, c := textsOf(listOf(side))
		for text := range v {
			if !before[text] && !values[text] {
				return fmt.Errorf("value %s is lost", text)
			}
		}
		for text := range c {
			if !commentsBefore[text] && !comments[text] {
				return fmt.Errorf("comment %s is lost", text)
			}
		}
	}
	known, knownComments := textsOf(listOf(o), listOf(a), listOf(b))
	for text := range values {
		if !known[text] {
			return fmt.Errorf("value %s was invented", text)
		}
	}
	for text := range comments {
		if !knownComments[text] {
			return fmt.Errorf("comment %s was invented", text)
		}
	}
	return nil
}

// kinds describes conflicts without positions, which depend on the order of what
// both sides appended.
func kinds(r Result, swapped bool) string {
	var out []string
	for _, c := range r.Conflicts {
		ours, theirs := c.Ours, c.Theirs
		if swapped {
			ours, theirs = theirs, ours
		}
		one := func(n tree.Node) string {
			if n == nil {
				return "nothing"
			}
			return key(n)
		}
		out = append(out, fmt.Sprint(c.Kind, one(c.Base), one(ours), one(theirs)))
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

// sorted is key for trees in which the order of named elements does not count.
func sorted(n tree.Node) string {
	n = tree.Clone(n)
	tree.Each(n, func(n tree.Node) {
		if l, ok := n.(*tree.List); ok && unique(l, byField("name")) {
			slices.SortFunc(l.Items, func(a, b tree.Node) int { return strings.Compare(key(a), key(b)) })
		}
	})
	return key(n)
}

// More than CI plays, by hand: go test ./internal/merge -run TestLaws -merges 100000
var merges = flag.Uint64("merges", 5000, "random merges that TestLaws plays")

func TestLaws(t *testing.T) {
	clean := 0
	for seed := range *merges {
		o, a, b := triple(seed)
		if err := checkLaws(o, a, b); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if len(Trees(o, a, b, Options{}).Conflicts) == 0 {
			clean++
		}
	}
	t.Logf("%d triples, %d clean", *merges, clean)
}

func FuzzLaws(f *testing.F) {
	f.Add("a: 1", "a: 2", "b: 1")
	f.Add("l: [{name: u, v: 1}]", "l: [{name: w}]", "l: []")
	f.Fuzz(func(t *testing.T, o, a, b string) {
		var states [3][]*tree.Map
		for i, text := range []string{o, a, b} {
			var err error
			if states[i], err = parse(text); err != nil {
				t.Skip(err)
			}
		}
		if err := checkLaws(states[0], states[1], states[2]); err != nil {
			t.Errorf("%v", err)
		}
	})
}
