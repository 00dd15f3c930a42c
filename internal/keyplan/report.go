package keyplan

import "github.com/seed-1f7fdfb8/sops/keeper"

// A Report is what a Change changes, for people and programs.
type Report struct {
	File      string          `json:"file"`
	Threshold [2]int          `json:"groups_needed"` // before and after
	Groups    [][]KeyInReport `json:"groups"`
	Seal      string          `json:"seal,omitempty"` // how the list differs from the sealed one
}

// A KeyInReport is what becomes of one key. A group has those of the new state
// in its order, then those that go.
type KeyInReport struct {
	Change   string `json:"change"` // Kept, Added or Removed
	Kind     string `json:"kind"`
	Identity string `json:"identity"`
}

// What becomes of a key.
const (
	Kept    = "kept"
	Added   = "added"
	Removed = "removed"
)

// Report describes the change of the named file.
func (c *Change) Report(file string) Report {
	before := c.Before()
	r := Report{File: file, Threshold: [2]int{before.Needed(), c.After().Needed()}}
	for i := range max(len(c.Old), len(c.Wanted)) {
		var old, wanted []keeper.MasterKey
		if i < len(c.Old) {
			old = before.Groups[i]
		}
		if i < len(c.Wanted) {
			wanted = c.stored(c.Wanted[i])
		}
		r.Groups = append(r.Groups, reportGroup(old, wanted))
	}
	return r
}

func reportGroup(before, after []keeper.MasterKey) []KeyInReport {
	left := map[string]int{} // a list edited by hand may have an entry more than once
	for _, id := range entryIDs(before) {
		left[id]++
	}
	g := []KeyInReport{}
	for _, m := range after {
		change := Added
		if left[m.EntryID()] > 0 {
			change = Kept
			left[m.EntryID()]--
		}
		g = append(g, KeyInReport{change, m.Kind, m.Identity()})
	}
	for _, m := range before {
		if left[m.EntryID()] > 0 {
			left[m.EntryID()]--
			g = append(g, KeyInReport{Removed, m.Kind, m.Identity()})
		}
	}
	return g
}
