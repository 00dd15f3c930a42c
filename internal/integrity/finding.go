package integrity

import (
	"slices"

	"github.com/seed-1f7fdfb8/sops/keeper"
)

// A Finding is what the seal of a file says about it. The zero value is that of
// a new file.
type Finding struct {
	unverified []string // the IDs of keys that nothing vouches for
	injected   []string // those of them that were put into a sealed list

	// Unproved is set where nothing vouches for the structure of the file and its
	// selection rule: it carries no seal, or one that was made over a file
	// without.
	Unproved bool
	// Keys is how the list of master keys differs from the sealed one, nil if it
	// does not.
	Keys error
	// Removed is set where the sealed list has a key that this one lacks.
	Removed bool
}

// Unsealed is the finding about a file without a seal.
func Unsealed(groups [][]keeper.MasterKey) *Finding {
	f := &Finding{Unproved: true}
	for _, m := range slices.Concat(groups...) {
		f.unverified = append(f.unverified, m.ID())
	}
	return f
}

// note notes what is doubtful about a key.
func (f *Finding) note(m keeper.MasterKey, unverified, injected bool) {
	if unverified {
		f.unverified = append(f.unverified, m.ID())
	}
	if injected {
		f.injected = append(f.injected, m.ID())
	}
}

// Unverified returns those of the master keys that nothing vouches for: the file
// carried no seal, or its list of keys is not the sealed one, so that anybody
// who can write to it may have put them there. To wrap a data key for one of
// them may give it away.
func (f *Finding) Unverified(groups [][]keeper.MasterKey) []keeper.MasterKey {
	return named(groups, f.unverified)
}

// Injected returns those of them that were put into a sealed list.
func (f *Finding) Injected(groups [][]keeper.MasterKey) []keeper.MasterKey {
	return named(groups, f.injected)
}

// named returns the keys whose IDs are listed.
func named(groups [][]keeper.MasterKey, ids []string) []keeper.MasterKey {
	return slices.DeleteFunc(slices.Concat(groups...), func(m keeper.MasterKey) bool { return !slices.Contains(ids, m.ID()) })
}

// Vouch says that the given keys belong into the file.
func (f *Finding) Vouch(keys []keeper.MasterKey) {
	for _, m := range keys {
		id := m.ID()
		same := func(other string) bool { return other == id }
		f.unverified, f.injected = slices.DeleteFunc(f.unverified, same), slices.DeleteFunc(f.injected, same)
	}
}

// Doubt says that nothing vouches for the given keys.
func (f *Finding) Doubt(keys []keeper.MasterKey) {
	for _, m := range keys {
		f.note(m, !slices.Contains(f.unverified, m.ID()), false)
	}
}
