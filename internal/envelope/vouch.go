package envelope

import (
	"slices"

	"github.com/seed-1f7fdfb8/sops/keeper"
)

// Unverified returns the master keys of the file that nothing vouches for: the
// file carried no seal, or its list of keys is not the sealed one, so that
// anybody who can write to it may have put them there. To wrap a data key for one
// of them may give it away.
func (o *Decrypted) Unverified() []keeper.MasterKey { return named(o.Meta.MasterKeys(), o.doubtful) }

// Unverified is that of Decrypted. It follows Recover.
func (s *Encrypted) Unverified() []keeper.MasterKey {
	return named(s.Meta.MasterKeys(), s.found().doubtful)
}

// Injected returns those of them that were put into a sealed list.
func (o *Decrypted) Injected() []keeper.MasterKey { return named(o.Meta.MasterKeys(), o.injected) }

// Injected is that of Decrypted. It follows Recover.
func (s *Encrypted) Injected() []keeper.MasterKey {
	return named(s.Meta.MasterKeys(), s.found().injected)
}

// named returns the keys whose IDs are listed.
func named(groups [][]keeper.MasterKey, ids []string) []keeper.MasterKey {
	return slices.DeleteFunc(slices.Concat(groups...), func(m keeper.MasterKey) bool { return !slices.Contains(ids, m.ID()) })
}

// Vouch says that the given keys belong into the file.
func (o *Decrypted) Vouch(keys []keeper.MasterKey) { o.vouch(keys) }

// Vouch is that of Decrypted. It follows Recover.
func (s *Encrypted) Vouch(keys []keeper.MasterKey) { s.found().vouch(keys) }

// Unproved reports that nothing vouches for the structure of the file and its
// selection rule: it carries no seal, or one that was made over a file without.
func (o *Decrypted) Unproved() bool { return o.unproved }

// Unproved is that of Decrypted. It follows Recover.
func (s *Encrypted) Unproved() bool { return s.found().unproved }

// VouchStructure says that the structure of the file and its selection rule are
// right as they are.
func (o *Decrypted) VouchStructure() { o.unproved = false }

// KeysChanged returns how the list of master keys differs from the sealed one,
// nil if it does not. It follows Recover.
func (s *Encrypted) KeysChanged() error { return s.found().keys }

// KeysRemoved reports whether the sealed list has a key that this one lacks. It
// follows Recover.
func (s *Encrypted) KeysRemoved() bool { return s.found().removed }

// found is what the seal says. Before Recover that is nothing.
func (s *Encrypted) found() *finding {
	if s.sealer == nil {
		return unknown(s.Meta.MasterKeys())
	}
	return &s.sealer.finding
}
