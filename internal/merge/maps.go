package merge

import (
	"slices"
	"strconv"

	"github.com/seed-1f7fdfb8/sops/tree"
)

// maps merges two maps key by key; a nil base is an empty one.
func (m *merger) maps(at tree.Address, o, a, b *tree.Map) *tree.Map {
	if o == nil {
		o = &tree.Map{}
	}
	s := m.sides(!m.options.NoRenames, o, a, b)
	var parts []part
	for _, id := range order(s) {
		parts = append(parts, m.pair(at, s, id)...)
	}
	tail := m.lines(at, s.tail[0], s.tail[1], s.tail[2])
	return &tree.Map{Items: itemsOf(parts, tail)}
}

// sides are three states of one container: base, ours, theirs.
type sides struct {
	parts [3][]part
	by    [3]map[string]*part
	tail  [3][]comment
	// renamed has, for the new name of an item, the old one and who renamed it.
	renamed map[string]rename
	renames bool
	group   map[string]bool // keys that are there another number of times in each state
}

type rename struct {
	from string
	side int
}

// sides finds what is the same in three maps.
func (m *merger) sides(renames bool, states ...*tree.Map) *sides {
	s := &sides{renamed: map[string]rename{}, group: map[string]bool{}}
	for i, state := range states {
		s.parts[i], s.tail[i] = partsOf(state.Items)
	}
	s.number()
	for i := range s.parts {
		s.by[i] = make(map[string]*part, len(s.parts[i]))
		for j := range s.parts[i] {
			s.by[i][s.parts[i][j].id] = &s.parts[i][j]
		}
	}
	if s.renames = renames; renames {
		s.findRenames(1)
		s.findRenames(2)
		s.settleRenames()
	}
	return s
}

// number gives each pair its id: its key, with its number where the key is there
// several times. Where the states do not agree how many there are, the pairs of
// the key are one list.
func (s *sides) number() {
	var counts [3]map[string]int
	for i, parts := range s.parts {
		counts[i] = map[string]int{}
		for _, p := range parts {
			counts[i][p.key]++
		}
	}
	for i := range s.parts {
		seen := map[string]int{}
		var out []part
		for _, p := range s.parts[i] {
			n := seen[p.key]
			seen[p.key]++
			most := max(counts[0][p.key], counts[1][p.key], counts[2][p.key])
			switch {
			case most < 2:
				p.id = p.key
			case agree(counts, p.key):
				p.id = p.key + "\x00" + strconv.Itoa(n)
			default:
				s.group[p.key] = true
				if p.id = p.key; n > 0 {
					addToGroup(out, p)
					continue
				}
				p.value = &tree.List{Items: []tree.Node{p.value}}
			}
			out = append(out, p)
		}
		s.parts[i] = out
	}
}

// agree reports whether all states have as many pairs of a key.
func agree(counts [3]map[string]int, key string) bool {
	return counts[0][key] == counts[1][key] && counts[1][key] == counts[2][key]
}

// addToGroup adds a pair to the first one of its key.
func addToGroup(parts []part, p part) {
	for i := range parts {
		if parts[i].id == p.id {
			l := parts[i].value.(*tree.List)
			l.Items = append(l.Items, p.value)
			parts[i].lead = slices.Concat(parts[i].lead, p.lead)
			return
		}
	}
}

// minRenamed is the least text of a value that is certain to be the same one under
// a new name.
const minRenamed = 6

// findRenames notes the keys that a side gave another name: the value is nowhere
// else in the map, and long enough not to be the same by chance.
func (s *sides) findRenames(side int) {
	count := func(parts []part) map[string][]string {
		out := map[string][]string{}
		for _, p := range parts {
			k := key(p.value)
			out[k] = append(out[k], p.id)
		}
		return out
	}
	before, after := count(s.parts[0]), count(s.parts[side])
	for value, old := range before {
		now := after[value]
		if len(old) != 1 || len(now) != 1 || old[0] == now[0] || s.group[old[0]] || s.group[now[0]] {
			continue
		}
		from, to := old[0], now[0]
		if s.by[side][from] != nil || s.by[0][to] != nil || textLength(s.by[0][from].value) < minRenamed {
			continue
		}
		if r, both := s.renamed[to]; both && r.from == from {
			delete(s.renamed, to) // both did the same
			continue
		}
		s.renamed[to] = rename{from, side}
	}
}

// settleRenames drops the renames that the other side leaves no room for.
func (s *sides) settleRenames() {
	by := map[string]int{}
	for _, r := range s.renamed {
		by[r.from]++
	}
	for to, r := range s.renamed {
		other := 3 - r.side
		if by[r.from] > 1 || s.by[other][to] != nil || s.by[other][r.from] == nil {
			delete(s.renamed, to)
		}
	}
}

// renamedTo returns the new name of an item, if either side gave it one.
func (s *sides) renamedTo(id string) (to string, ok bool) {
	for to, r := range s.renamed {
		if r.from == id {
			return to, true
		}
	}
	return "", false
}

// pair merges the pairs of one id. Several come out where a key is there several
// times.
func (m *merger) pair(at tree.Address, s *sides, id string) []part {
	var states [3]*part
	for i := range states {
		states[i] = s.by[i][id]
	}
	if r, ok := s.renamed[id]; ok {
		other := 3 - r.side
		states[0], states[other] = s.by[0][r.from], s.by[other][r.from]
		if !Equal(states[0].value, states[other].value) {
			m.notes = append(m.notes, r.from+" renamed to "+id+" by "+[]string{"", "ours", "theirs"}[r.side])
		}
	}
	p := part{id: id}
	for _, state := range []*part{states[2], states[0], states[1]} {
		if state != nil {
			p.key = state.key
		}
	}
	if r, ok := s.renamed[id]; ok {
		p.key = s.by[r.side][id].key
	}
	here := append(at[:len(at):len(at)], tree.Step{Key: p.key, IsKey: true})
	before := len(m.conflicts)
	p.value = m.value(here, s, id, states)
	m.commentsOf(here, &p, states[0], states[1], states[2])
	p.lead = slices.Concat(p.lead, m.strays(m.conflicts[before:], p, states))
	if s.group[p.key] {
		return ungrouped(p)
	}
	if p.value == nil && len(p.lead) == 0 {
		return nil
	}
	return []part{p}
}

// value merges the values of one id.
func (m *merger) value(here tree.Address, s *sides, id string, states [3]*part) tree.Node {
	var n [3]tree.Node
	for i, state := range states {
		if state != nil {
			n[i] = state.value
		}
	}
	if s.twoNames(id) {
		m.conflict(here, RenameRename, n[0], nil, nil)
		return nil
	}
	if s.group[id] {
		return m.group(here, n)
	}
	return m.node(here, n[0], n[1], n[2])
}

// group merges the pairs of a key that is there several times.
func (m *merger) group(here tree.Address, n [3]tree.Node) tree.Node {
	var lists [3]*tree.List
	for i := range n {
		if lists[i], _ = n[i].(*tree.List); lists[i] == nil {
			lists[i] = &tree.List{}
		}
	}
	return m.lists(here, lists[0], lists[1], lists[2])
}

// twoNames reports whether the two sides gave an item two new names.
func (s *sides) twoNames(id string) bool {
	o := s.by[0][id]
	if !s.renames || o == nil || s.by[1][id] != nil || s.by[2][id] != nil || textLength(o.value) < minRenamed {
		return false
	}
	a, b := s.newName(1, o), s.newName(2, o)
	return a != "" && b != "" && a != b
}

// newName returns the only key, new in a side, that has the value of o.
func (s *sides) newName(side int, o *part) string {
	name := ""
	for _, p := range s.parts[0] {
		if p.id != o.id && Equal(p.value, o.value) {
			return ""
		}
	}
	for _, p := range s.parts[side] {
		if s.by[0][p.id] == nil && Equal(p.value, o.value) {
			if name != "" {
				return ""
			}
			name = p.id
		}
	}
	return name
}

// ungrouped makes pairs of the list that stands for several.
func ungrouped(p part) []part {
	l, ok := p.value.(*tree.List)
	if !ok || len(l.Items) == 0 {
		return nil
	}
	var out []part
	for i, n := range l.Items {
		one := part{id: p.id, key: p.key, value: n}
		if i == 0 {
			one.lead = p.lead
		}
		out = append(out, one)
	}
	return out
}

// order returns the ids of the result: in the order of ours, and those that only
// theirs has after the one that is before them there and after what is new in ours.
func order(s *sides) []string {
	var out []string
	has := map[string]bool{}
	for _, p := range s.parts[1] {
		id := p.id
		if to, ok := s.renamedTo(id); ok {
			id = to
		}
		out, has[id] = append(out, id), true
	}
	own := func(id string) bool { // new in ours, or put in before
		return s.by[2][id] == nil && s.by[0][id] == nil && s.renamed[id].from == ""
	}
	anchor := ""
	inserted := map[string]bool{}
	for _, state := range []int{2, 0} {
		anchor = ""
		for _, p := range s.parts[state] {
			id := p.id
			if to, ok := s.renamedTo(id); ok {
				id = to
			}
			if !has[id] {
				at := 0
				if anchor != "" {
					at = slices.Index(out, anchor) + 1
				}
				for at < len(out) && (own(out[at]) || inserted[out[at]] && state == 2) {
					at++
				}
				out = slices.Insert(out, at, id)
				has[id], inserted[id] = true, true
			}
			anchor = id
		}
	}
	return out
}
