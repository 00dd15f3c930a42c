package sops

import (
	"context"

	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// A Decrypted is the plaintext of a file with everything that it takes to
// encrypt it again. It must not be used concurrently.
type Decrypted struct {
	d *envelope.Decrypted
	o options
}

// Bytes returns the plaintext, byte for byte as it was encrypted where this
// module encrypted it. It must not be changed.
func (d *Decrypted) Bytes() []byte {
	plain, err := d.d.Plain()
	if err != nil {
		panic("sops: the plaintext was made before: " + err.Error())
	}
	return plain
}

// Documents returns the documents of the file as trees, with comments; there are
// several only in YAML. They must not be changed.
func (d *Decrypted) Documents() []*tree.Map { return d.d.Trees() }

// Get returns the node at an address of the first document. The error is
// tree.ErrNotFound if there is none.
func (d *Decrypted) Get(at tree.Address) (tree.Node, error) {
	documents := d.Documents()
	if len(documents) == 0 {
		return nil, tree.ErrNotFound
	}
	return tree.Find(documents[0], at)
}

// Set puts a node at an address of the first document, and makes the maps that
// are missing on the way. All other lines of the file stay.
func (d *Decrypted) Set(at tree.Address, n tree.Node) error { return d.d.Set(at, n) }

// Unset removes the node at an address of the first document. The error is
// tree.ErrNotFound if there is none.
func (d *Decrypted) Unset(at tree.Address) error { return d.d.Unset(at) }

// Replace gives the file another plaintext, as an editor does. Values that did
// not change keep their ciphertext.
func (d *Decrypted) Replace(plain []byte) error { return publicError(d.d.Replace(plain)) }

// Rotate makes a new data key, which k wraps for the master keys in to. Copies of
// the file from before stay readable for the keys that they have.
func (d *Decrypted) Rotate(ctx context.Context, k keeper.Keeper, to keeper.Groups) error {
	if err := to.Validate(); err != nil {
		return err
	}
	return d.d.Rotate(ctx, k, to.Groups, to.Threshold, d.o.random)
}

// Encrypt returns the text of the encrypted file. It has been read back and
// compared: decrypting it gives Bytes.
func (d *Decrypted) Encrypt() ([]byte, error) {
	out, err := d.d.Encrypt(envelope.EncryptOptions{Now: d.o.time(), Random: d.o.random})
	return out, publicError(err)
}
