package sops

import (
	"errors"

	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/internal/integrity"
	"github.com/seed-1f7fdfb8/sops/internal/unlock"
)

// Errors that a caller may want to distinguish with errors.Is.
var (
	// ErrNotEncrypted is the error for a file without metadata.
	ErrNotEncrypted = envelope.ErrNotEncrypted
	// ErrMAC says that the MAC is missing or that values were changed, added,
	// removed or reordered by another program.
	ErrMAC = integrity.ErrMAC
	// ErrSeal says that keys, types or the rule of the file were changed by
	// another program.
	ErrSeal = integrity.ErrSeal
	// ErrReserved says that a plaintext has the entry "sops", which encrypted
	// files keep their metadata in: it is encrypted already, or the entry needs
	// another name.
	ErrReserved = envelope.ErrReserved
)

// A KeysError says that no master key gave the data key. Its text says of each
// key why.
type KeysError struct{ err *unlock.Error }

func (e *KeysError) Error() string { return e.err.Error() }

// Unwrap returns the errors of the key services.
func (e *KeysError) Unwrap() error { return e.err }

// Hints returns what may help, a sentence each.
func (e *KeysError) Hints() []string { return hint.Hints(e.err) }

// publicError gives the errors of packages that importers cannot name types that
// they can.
func publicError(err error) error {
	var keys *unlock.Error
	if errors.As(err, &keys) {
		return &KeysError{keys}
	}
	return err
}
