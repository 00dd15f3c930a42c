// Package sops encrypts and decrypts whole documents as SOPS 3.x does: the
// values are encrypted under a data key, the data key is wrapped by master keys
// (AWS KMS, age, PGP and others), and everything else stays as its author wrote it.
//
// There are two types, so that "is it decrypted?" is a question for the
// compiler. An Encrypted is an encrypted file; decrypting it gives a Decrypted:
//
//	f, err := std.Format("yaml")
//	e, err := sops.Parse(src, f)
//	d, err := e.Decrypt(ctx, std.Keepers(std.Options{}))
//	fmt.Print(string(d.Bytes()))
//
// A Decrypted remembers the ciphertext of every value, so that encrypting it
// again changes only what changed:
//
//	at, err := tree.ParseAddress(`["db"]["password"]`)
//	err = d.Set(at, tree.Text("new"))
//	out, err := d.Encrypt()
//
// No plaintext leaves this package before the MAC over all values has been
// checked, and no encrypted text before it has been read back and compared.
//
// Programs that only read files may prefer package decrypt.
package sops

import (
	"context"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// FormatVersion is the version of the file format that is written: the oldest
// SOPS that reads everything we write.
const FormatVersion = envelope.Version

// Parse parses an encrypted file. It takes no keys and checks no value. The
// error for a file without metadata is ErrNotEncrypted. src must not be changed
// afterwards.
func Parse(src []byte, f format.Format) (*Encrypted, error) {
	e, err := envelope.Parse(src, f)
	if err != nil {
		return nil, err
	}
	return &Encrypted{e}, nil
}

// New prepares plaintext for encryption: it makes a data key and lets k wrap it
// for the master keys in to. Nothing is wrapped if the text cannot be encrypted.
// Without WithRule all values are encrypted whose keys do not end in
// "_unencrypted".
func New(ctx context.Context, plain []byte, f format.Format, k keeper.Keeper, to keeper.Groups, opts ...Option) (*Decrypted, error) {
	if err := to.Validate(); err != nil {
		return nil, err
	}
	o := collect(opts)
	d, err := envelope.New(ctx, plain, f, o.plan(to), k)
	if err != nil {
		return nil, err
	}
	return &Decrypted{d, o}, nil
}
