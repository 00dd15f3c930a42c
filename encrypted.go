package sops

import (
	"context"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// An Encrypted is an encrypted file. It can be used concurrently, but not while
// it is decrypted.
type Encrypted struct{ e *envelope.Encrypted }

// Info is what an encrypted file says of itself. Nothing of it is checked before
// the file is decrypted.
type Info struct {
	Version          string    // of the program that wrote the file
	LastModified     time.Time // in UTC
	Rule             Rule      // which values are encrypted
	MACOnlyEncrypted bool      // the MAC covers encrypted values only
	Sealed           bool      // there is a seal: see docs/security.md
}

// Info returns what the file says of itself.
func (e *Encrypted) Info() Info {
	m := e.e.Meta
	return Info{
		Version: m.Version, LastModified: m.LastModified, Rule: Rule(m.Selection),
		MACOnlyEncrypted: m.MACOnlyEncrypted, Sealed: m.Seal != "",
	}
}

// Keys returns the master keys that the file names.
func (e *Encrypted) Keys() keeper.Groups {
	return keeper.Groups{Groups: e.e.Meta.MasterKeys(), Threshold: e.e.Meta.Threshold}
}

// Decrypt recovers the data key with k, decrypts every value and checks the MAC
// and, where there is one, the seal. The error is a *KeysError if no master key
// gives the data key, and ErrMAC or ErrSeal if the file was changed by a program
// that does not know the data key.
func (e *Encrypted) Decrypt(ctx context.Context, k keeper.Keeper, opts ...Option) (*Decrypted, error) {
	o := collect(opts)
	d, err := e.e.Decrypt(ctx, k, envelope.DecryptOptions{IgnoreMAC: o.ignoreMAC, Context: o.context, Warn: o.warn})
	if err == nil {
		_, err = d.Plain() // so that every error is one of Decrypt
	}
	if err != nil {
		return nil, publicError(err)
	}
	return &Decrypted{d, o}, nil
}
