package keyplan

import (
	"fmt"
	"maps"
	"slices"
	"strings"

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
			groups[i] = slices.DeleteFunc(groups[i], func(n keeper.MasterKey) bool { return names(m, n) })
			found = found || len(groups[i]) < before
		}
		if !found {
			return nil, fmt.Errorf("there is no key %s to remove", m.Identity())
		}
	}
	return groups, nil
}

// names reports whether the key named by m is n: every field that m gives must
// be that of n.
func names(m, n keeper.MasterKey) bool {
	if m.Kind != n.Kind {
		return false
	}
	if m.Kind == keeper.PGP {
		return namesPGP(m.Identity(), n.Identity())
	}
	for _, f := range m.Fields {
		if f.Text != n.Text(f.Name) || f.Map != nil && !maps.Equal(f.Map, n.Map(f.Name)) {
			return false
		}
	}
	return true
}

// namesPGP reports whether an OpenPGP key that is given by one name is in the
// file by the other: a key id of 16 digits is the end of a fingerprint, and the
// mark that forces a subkey only says how the key is used.
func namesPGP(given, present string) bool {
	if !strings.HasSuffix(given, "!") {
		present = strings.TrimSuffix(present, "!")
	}
	const keyID = 16
	return given == present || len(given) == keyID && strings.HasSuffix(present, given)
}
