package envelope

import (
	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/internal/meta"
	"github.com/seed-1f7fdfb8/sops/internal/rule"
)

// Rescue encrypts a text that is not valid in the file's own format, so that an
// edit which cannot be saved is not lost. f must take any bytes. The keys are
// those of the file, and none of them is asked again.
func (o *Decrypted) Rescue(text []byte, f format.Format, opt EncryptOptions) ([]byte, error) {
	m := *o.Meta
	m.Layout, m.Selection, m.MACOnlyEncrypted = "", rule.Rule{}, false
	r := &Decrypted{Meta: &m, Data: o.Data, format: f}
	if err := r.load(text); err != nil {
		return nil, err
	}
	return r.Encrypt(opt)
}

// RaiseVersion notes that this program wrote the file, unless a newer one did.
func (o *Decrypted) RaiseVersion() {
	if meta.Newer(Version, o.Meta.Version) {
		o.Meta.Version = Version
	}
}
