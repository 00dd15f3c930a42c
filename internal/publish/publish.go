// Package publish is what all destinations of sops publish have in common: the
// content of a file as services keep it, and how it differs from what is there,
// by names and never by values.
package publish

import (
	"errors"

	"github.com/seed-1f7fdfb8/sops/tree"
)

// ErrConflict is the error of a write that would undo another one, made after
// the two were compared.
var ErrConflict = errors.New("it was changed by another program meanwhile; nothing was written")

// A State says how what is at a destination relates to what is published.
type State string

// States.
const (
	New     State = "new"
	Changed State = "changed"
	Same    State = "unchanged"
	// Unknown is what may be written but not read.
	Unknown State = "not readable, so perhaps changed"
)

// A Difference is how a destination differs from what is to be published there.
// It can be shown: it has no values.
type Difference struct {
	State State
	Keys  []Key
	Notes []string // what differs besides the content
}

// A Key is a value that differs.
type Key struct {
	Change Change
	At     string // its address in the file, or its name at the destination
}

// A Change is what becomes of a value at the destination.
type Change string

// Changes.
const (
	Added   Change = "+"
	Edited  Change = "~"
	Removed Change = "-"
)

// Whole returns the difference of a content that is kept whole: there is nil if
// nothing is.
func Whole(c *Content, there any) Difference {
	if there == nil {
		return Difference{State: New, Keys: c.keys(Added)}
	}
	d := Difference{State: Same, Keys: compare(nil, nil, there, c.root)}
	if len(d.Keys) > 0 {
		d.State = Changed
	}
	return d
}

// keys returns all values, as changed in one way.
func (c *Content) keys(how Change) []Key { return each(nil, nil, c.root, how) }

// each adds the values below v, which is at the address at.
func each(all []Key, at tree.Address, v any, how Change) []Key {
	below, isContainer := children(v)
	if !isContainer || len(below) == 0 {
		return append(all, Key{how, shown(at)})
	}
	for _, child := range below {
		all = each(all, with(at, child.step), child.value, how)
	}
	return all
}

// compare adds what differs between there and here, which are at the address at.
func compare(all []Key, at tree.Address, there, here any) []Key {
	before, wasContainer := children(there)
	after, isContainer := children(here)
	switch {
	case wasContainer != isContainer || wasContainer && isList(there) != isList(here):
		return append(all, Key{Edited, shown(at)})
	case !isContainer && sameScalar(there, here):
		return all
	case !isContainer:
		return append(all, Key{Edited, shown(at)})
	case len(before) == 0 && len(after) == 0:
		return all
	}
	old := map[tree.Step]any{}
	for _, child := range before {
		old[child.step] = child.value
	}
	for _, child := range after {
		was, ok := old[child.step]
		delete(old, child.step)
		if ok {
			all = compare(all, with(at, child.step), was, child.value)
		} else {
			all = each(all, with(at, child.step), child.value, Added)
		}
	}
	for _, child := range before {
		if _, gone := old[child.step]; gone {
			all = each(all, with(at, child.step), child.value, Removed)
		}
	}
	return all
}

func shown(at tree.Address) string {
	if len(at) == 0 {
		return "the whole content"
	}
	return at.String()
}

func with(at tree.Address, s tree.Step) tree.Address { return append(at[:len(at):len(at)], s) }
