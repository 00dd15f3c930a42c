// Package envelope knows what an encrypted file is: every selected value under a
// data key, the data key under master keys, a record of its integrity, and the rest
// as its author wrote it.
//
// An Encrypted is an encrypted file; decrypting it gives a Decrypted:
//
//	e, err := envelope.Parse(src, yaml.Format{})
//	d, err := e.Decrypt(ctx, keepers, envelope.DecryptOptions{})
//	plain, err := d.Plain()
//
// A Decrypted remembers the token of every value, so that encrypting it again
// changes only what changed:
//
//	err = d.Set(address, tree.Text("new"))
//	out, err := d.Encrypt(envelope.EncryptOptions{})
//
// No plaintext leaves this package before the MAC over all values was checked,
// and no encrypted text before it was read back and compared.
package envelope

import (
	"errors"
	"fmt"

	"github.com/seed-1f7fdfb8/sops/tree"
)

// Version is the version of the file format that is written, and the least one
// that reads everything we write.
const Version = "3.13.3"

// What a Failure may be, for errors.Is.
var (
	ErrReserved = errors.New("the entry sops is reserved")
	ErrContext  = errors.New("the encryption context has no effect")
	ErrRender   = errors.New("the content cannot be written in the format")
	ErrEncrypt  = errors.New("the content cannot be encrypted")
	ErrDecrypt  = errors.New("a value cannot be decrypted")
	ErrConflict = errors.New("settings exclude each other")
)

// A Failure is an error that knows its kind and what to do about it.
type Failure struct {
	Kind   error // one of those above, or nil
	Err    error
	Line   int // of the file, from 1; 0 if the failure is not about a line
	Advice []string
}

func (f *Failure) Error() string   { return f.Err.Error() }
func (f *Failure) Unwrap() error   { return f.Err }
func (f *Failure) Hints() []string { return f.Advice }

// Is reports whether target is the kind of the failure.
func (f *Failure) Is(target error) bool { return f.Kind != nil && target == f.Kind }

// Position returns the line; columns are not known.
func (f *Failure) Position() (line, column int) { return f.Line, 0 }

func failf(kind error, format string, args ...any) *Failure {
	return &Failure{Kind: kind, Err: fmt.Errorf(format, args...)}
}

// where names a leaf for people, without its value.
func where(aad string, line int) string {
	if aad == ":" {
		return fmt.Sprintf("line %d", line)
	}
	return fmt.Sprintf("line %d: %q", line, aad[:len(aad)-1])
}

// cloneSome does the same, and makes an empty document where there is none.
func cloneSome(trees []*tree.Map) []*tree.Map {
	if len(trees) == 0 {
		return []*tree.Map{{}}
	}
	return tree.CloneAll(trees)
}
