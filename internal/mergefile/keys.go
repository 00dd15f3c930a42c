package mergefile

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/seed-1f7fdfb8/sops/internal/merge"
	"github.com/seed-1f7fdfb8/sops/internal/unlock"
	"github.com/seed-1f7fdfb8/sops/internal/unresolved"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// chooseDataKey picks the side whose data key no one has who was removed since. A
// key that one side removed without a rotation is known to the removed anyhow.
func (m *merging) chooseDataKey() *side {
	ours, theirs, base := m.sides[Ours], m.sides[Theirs], m.sides[Base]
	switch {
	case ours.decrypted == nil:
		return theirs
	case theirs.decrypted == nil, sameData(ours, theirs):
		return ours
	case sameData(base, ours):
		m.notef("theirs has another data key, which the file keeps")
		return theirs
	case sameData(base, theirs):
		m.notef("ours has another data key, which the file keeps")
		return ours
	case m.usable(Ours):
		m.notef("both sides have another data key; the file keeps that of ours")
		return ours
	case m.usable(Theirs):
		m.notef("both sides have another data key; the file keeps that of theirs, which no removed key can have")
		return theirs
	}
	m.notef("both sides have another data key, and each is known to a key that the other side removed: the file gets a new one")
	m.sides[Ours].rotate = true
	return ours
}

// usable reports whether the new data key of a side was wrapped for none that the
// other side removed.
func (m *merging) usable(i int) bool {
	have := ids(m.sides[i])
	for id := range m.removedBy(Ours + Theirs - i) {
		if _, ok := have[id]; ok {
			return false
		}
	}
	return true
}

// removedBy returns the keys that a side removed.
func (m *merging) removedBy(i int) map[string]keeper.MasterKey {
	out := map[string]keeper.MasterKey{}
	have := ids(m.sides[i])
	for id, k := range ids(m.sides[Base]) {
		if _, ok := have[id]; !ok {
			out[id] = k
		}
	}
	return out
}

func ids(s *side) map[string]keeper.MasterKey {
	out := map[string]keeper.MasterKey{}
	if s == nil || s.decrypted == nil {
		return out
	}
	for _, g := range s.decrypted.Meta.Keys() {
		for _, w := range g {
			out[w.ID()] = w.MasterKey
		}
	}
	return out
}

// A keyList is what the result has of keys.
type keyList struct {
	groups    []keeper.Group // entries without an Enc are those to wrap
	threshold int
	doubtful  []keeper.MasterKey // that the seal of their side does not vouch for
	changed   bool               // it is not the winner's own list
}

// mergeKeys merges the lists of keys. Every change that the winner does not have is
// a note: that a list grew on both sides is never silent.
func (m *merging) mergeKeys(winner *side) keyList {
	w := winner.decrypted.Meta
	own := keyList{groups: w.Keys(), threshold: w.Threshold}
	other := m.other(winner)
	if other.decrypted == nil {
		return own
	}
	base := m.sides[Base]
	x, y := shapeOf(winner), shapeOf(other)
	switch {
	case x == y:
		return own
	case len(w.Groups) == 1 && len(other.decrypted.Meta.Groups) == 1 && (base == nil || base.decrypted == nil || len(base.decrypted.Meta.Groups) == 1):
		if o := shapeOf(base); m.options.StrictKeys && o != x && o != y {
			m.keyConflict("both sides changed the list of keys", winner, other)
			return own
		}
		return m.union(own, winner, other)
	case shapeOf(base) == y:
		return own
	case shapeOf(base) == x && sameData(winner, other):
		m.notef("key groups and threshold are those of %s", m.nameOf(other))
		o := other.decrypted.Meta
		return keyList{groups: o.Keys(), threshold: o.Threshold, doubtful: other.decrypted.Unverified(), changed: true}
	}
	m.keyConflict("both sides changed the key groups or the threshold", winner, other)
	return own
}

func (m *merging) nameOf(s *side) string {
	if s == m.sides[Ours] {
		return names[Ours]
	}
	return names[Theirs]
}

func (m *merging) other(s *side) *side {
	if s == m.sides[Ours] {
		return m.sides[Theirs]
	}
	return m.sides[Ours]
}

// shapeOf describes keys, groups and threshold of a side.
func shapeOf(s *side) string {
	if s == nil || s.decrypted == nil {
		return ""
	}
	out := fmt.Sprint(s.decrypted.Meta.Threshold)
	for _, g := range s.decrypted.Meta.Keys() {
		var all []string
		for _, w := range g {
			all = append(all, w.ID())
		}
		slices.Sort(all)
		out += fmt.Sprintf("%q", all)
	}
	return out
}

// union merges two lists of one group each: what one side removed is gone, what one
// side added is there.
func (m *merging) union(own keyList, winner, other *side) keyList {
	base, mine, theirs := ids(m.sides[Base]), ids(winner), ids(other)
	list := keyList{threshold: own.threshold, changed: true}
	var g keeper.Group
	for _, w := range own.groups[0] {
		_, inBase := base[w.ID()]
		if _, inOther := theirs[w.ID()]; inBase && !inOther {
			m.notef("- %s, as in %s", w.Name(), m.nameOf(other))
			if !m.rotatedSince(other) {
				m.notef("the removed key %s knows the data key of the file: sops rotate -i FILE makes a new one", w.Name())
			}
			continue
		}
		g = append(g, w)
	}
	doubted := map[string]bool{}
	for _, k := range other.decrypted.Unverified() {
		doubted[k.ID()] = true
	}
	for _, w := range other.decrypted.Meta.Keys()[0] {
		_, inBase := base[w.ID()]
		if _, inMine := mine[w.ID()]; inMine || inBase {
			continue
		}
		if doubted[w.ID()] {
			list.doubtful = append(list.doubtful, w.MasterKey)
		}
		if !sameData(winner, other) {
			if doubted[w.ID()] {
				m.keyConflict(fmt.Sprintf("%s of %s has no seal that vouches for it, so the data key was not wrapped for it", w.Name(), m.nameOf(other)), winner, other)
				continue
			}
			w.Enc = ""
		}
		m.notef("+ %s, as in %s", w.Name(), m.nameOf(other))
		g = append(g, w)
	}
	if len(g) == 0 {
		m.keyConflict("the sides together removed every key", winner, other)
		return own
	}
	list.groups = []keeper.Group{g}
	return list
}

// rotatedSince reports whether a side has another data key than the base.
func (m *merging) rotatedSince(s *side) bool {
	return m.sides[Base] != nil && m.sides[Base].decrypted != nil && !sameData(m.sides[Base], s)
}

func (m *merging) keyConflict(detail string, winner, other *side) {
	m.conflict(Keys, fmt.Sprintf("%s; the file keeps those of %s; of %s: %s", detail, m.nameOf(winner), m.nameOf(other), keyNames(other)))
}

func (m *merging) conflict(kind merge.Kind, detail string) {
	m.entries = append(m.entries, unresolved.Entry{Conflict: merge.Conflict{Kind: kind}, Detail: detail})
}

func keyNames(s *side) string {
	out := ""
	for i, g := range s.decrypted.Meta.Keys() {
		for j, w := range g {
			switch {
			case i > 0 && j == 0:
				out += " | "
			case j > 0:
				out += ", "
			}
			out += w.Name()
		}
	}
	return out
}

// wrap fills in the entries that have no Enc.
func (m *merging) wrap(ctx context.Context, winner *side, list keyList) ([]keeper.Group, error) {
	var missing []keeper.MasterKey
	for _, g := range list.groups {
		for _, w := range g {
			if w.Enc == "" {
				missing = append(missing, w.MasterKey)
			}
		}
	}
	if len(missing) == 0 {
		return list.groups, nil
	}
	wrapped, err := unlock.Wrap(ctx, m.options.Keepers, [][]keeper.MasterKey{missing}, 0, winner.decrypted.Data, nil)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	var failed *unlock.WrapError
	if err != nil && !errors.As(err, &failed) {
		return nil, err
	}
	out := []keeper.Group{nil}
	next := 0
	for _, w := range list.groups[0] {
		switch {
		case w.Enc != "":
			out[0] = append(out[0], w)
		case err == nil:
			out[0] = append(out[0], wrapped[0][next])
			next++
		}
	}
	if err != nil {
		m.conflict(Keys, fmt.Sprintf("the data key could not be wrapped for %s", namesOf(missing)))
	}
	if len(out[0]) == 0 {
		return nil, err
	}
	return out, nil
}

func namesOf(keys []keeper.MasterKey) string {
	out := ""
	for i, k := range keys {
		if i > 0 {
			out += ", "
		}
		out += k.Name()
	}
	return out
}
