package yamltext

import (
	"slices"

	"github.com/seed-1f7fdfb8/sops/internal/yamltext/internal/scan"
)

// hasFoot reports whether comments can be below what is before the gap.
func (k *gap) hasFoot() bool {
	switch k.Prev {
	case scan.Scalar, scan.Alias:
		return true
	case scan.FlowSequenceEnd, scan.FlowMappingEnd:
		if k.PrevLine == 1 {
			k.doubt("comments after a flow collection that ends on the first line")
		}
		return true
	case scan.Value, scan.BlockEntry:
		return k.depthBefore() > k.nextColumn()
	}
	return false
}

// feet gives groups to what ends before or in the gap, until one belongs to
// what is after it.
func (k *gap) feet(groups []group, to int) {
	next := k.nextColumn()
	deeper := !k.EOF && k.depthBefore() > next
	if len(groups) > 1 && (k.Prev == scan.Value || k.BlankTail) {
		k.doubt("several comments below an empty value or a block scalar that ends in blank lines")
	}
	if (k.EOF || len(k.Ends) == 0) && k.severalColumns(groups) {
		k.doubt("comments in several columns at the end of a block")
	}
	holder := -1 // -1 is the node before, then come the collections that end
	for i, g := range groups {
		column := k.file.comments[g.from].column
		inner := deeper && column != next
		split := i+1 < len(groups) && !g.ends
		outer := column < k.depthBefore()
		if i > 0 && deeper && column < next {
			k.doubt("comments whose columns go in and out below a block")
		}
		if !split && (g.blank && !inner || !g.ends && !inner || k.EOF && !outer && k.Prev == scan.Value || i > 0 && groups[0].blank && !inner) {
			if deeper && slices.ContainsFunc(k.file.comments[g.from:to], func(c Comment) bool { return c.column > next }) && k.apart(group{from: g.from, to: to - 1}) {
				k.doubt("comments whose columns go in and out below a block")
			}
			k.headOfNext(group{from: g.from, to: to})
			return
		}
		at := -1
		if outer && (i > 0 || !g.blank && g.ends) {
			if !k.isOuter(column) {
				k.doubt("a comment between the columns of two blocks")
			}
			at = k.endAt(column)
		}
		if outer && at < 0 && g.ends && len(k.Ends) == 0 {
			if i > 0 {
				k.doubt("several comments below the last entry of a block")
			}
			k.notes.request(k.Number, passing, g)
			continue
		}
		if i > 0 && at <= holder {
			k.doubt("several comments below the last entry of a block")
		}
		holder = at
		k.footOf(holder, g)
	}
}

// severalColumns reports whether groups after blank lines are in different
// columns.
func (k *gap) severalColumns(groups []group) bool {
	column := int32(-1)
	for _, g := range groups {
		at := k.file.comments[g.from].column
		if g.blank && column >= 0 && at != column {
			return true
		}
		if g.blank {
			column = at
		}
	}
	return false
}

// nextColumn returns the column of what is after the gap.
func (k *gap) nextColumn() int32 {
	if k.EOF {
		return 0
	}
	return k.Column
}

// endAt returns the collection whose end leads to a column, -1 if none does.
func (k *gap) endAt(column int32) int {
	i, _ := slices.BinarySearchFunc(k.Ends, column, func(t scan.Token, c int32) int {
		if t.Column > c {
			return -1
		}
		return 1
	})
	return min(max(i-1, 0), len(k.Ends)-1)
}

func (k *gap) footOf(end int, g group) {
	n := k.notes
	if end < 0 {
		n.request(k.Number, Foot, g)
		return
	}
	n.groups = append(n.groups, g)
	k.Ends[end].Foot = int32(len(n.groups))
}
