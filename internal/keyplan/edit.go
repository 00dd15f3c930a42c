package keyplan

import (
	"fmt"
	"slices"

	"github.com/seed-1f7fdfb8/sops/keeper"
)

// Edit adds keys to the first group and removes keys from all. A key that is
// removed is known by what names it, whatever role, profile or context it has;
// one that is not there is an error, since its removal is relied on.
func Edit(groups [][]keeper.MasterKey, added, removed []keeper.MasterKey) ([][]keeper.MasterKey, error) {
	for _, m := range added {
		same := func(n keeper.MasterKey) bool { return n.EntryID() == m.EntryID() }
		if len(groups) == 0 {
			groups = [][]keeper.MasterKey{nil}
		}
		if !slices.ContainsFunc(groups[0], same) {
			groups[0] = append(groups[0], m)
		}
	}
	for _, m := range removed {
		found := false
		for i := range groups {
			before := len(groups[i])
			groups[i] = slices.DeleteFunc(groups[i], func(n keeper.MasterKey) bool { return m.Means(n) })
			found = found || len(groups[i]) < before
		}
		if !found {
			return nil, fmt.Errorf("there is no key %s to remove", m.Identity())
		}
	}
	return groups, nil
}
