package envelope

import (
	"github.com/seed-1f7fdfb8/sops/internal/integrity"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// Unverified returns the master keys of the file that nothing vouches for; see
// integrity.Finding.
func (o *Decrypted) Unverified() []keeper.MasterKey { return o.finding.Unverified(o.Meta.MasterKeys()) }

// Unverified is that of Decrypted. It follows Recover.
func (s *Encrypted) Unverified() []keeper.MasterKey { return s.found().Unverified(s.Meta.MasterKeys()) }

// Injected returns those of them that were put into a sealed list.
func (o *Decrypted) Injected() []keeper.MasterKey { return o.finding.Injected(o.Meta.MasterKeys()) }

// Injected is that of Decrypted. It follows Recover.
func (s *Encrypted) Injected() []keeper.MasterKey { return s.found().Injected(s.Meta.MasterKeys()) }

// Vouch says that the given keys belong into the file.
func (o *Decrypted) Vouch(keys []keeper.MasterKey) { o.finding.Vouch(keys) }

// Vouch is that of Decrypted. It follows Recover.
func (s *Encrypted) Vouch(keys []keeper.MasterKey) { s.found().Vouch(keys) }

// Unproved reports that nothing vouches for the structure of the file and its
// selection rule: it carries no seal, or one that was made over a file without.
func (o *Decrypted) Unproved() bool { return o.finding.Unproved }

// Unproved is that of Decrypted. It follows Recover.
func (s *Encrypted) Unproved() bool { return s.found().Unproved }

// VouchStructure says that the structure of the file and its selection rule are
// right as they are.
func (o *Decrypted) VouchStructure() { o.finding.Unproved = false }

// KeysMarked reports whether the list of master keys bears the mark of the seal;
// see integrity.KeysMarked.
func (s *Encrypted) KeysMarked() bool { return integrity.KeysMarked(s.Meta) }

// KeysChanged returns how the list of master keys differs from the sealed one,
// nil if it does not. It follows Recover.
func (s *Encrypted) KeysChanged() error { return s.found().Keys }

// KeysRemoved reports whether the sealed list has a key that this one lacks. It
// follows Recover.
func (s *Encrypted) KeysRemoved() bool { return s.found().Removed }

// found is what the seal says. Before Recover that is nothing.
func (s *Encrypted) found() *integrity.Finding {
	if s.sealer == nil {
		return integrity.Unsealed(s.Meta.MasterKeys())
	}
	return &s.sealer.finding
}
