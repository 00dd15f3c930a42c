package app

import (
	"context"
	"io/fs"

	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// A Request names a file that a command may rewrite, and says how it is read.
type Request struct {
	File
	Common
	Access
	Target
	Missing    Kind // of the failure if the file does not exist
	Plain      bool // the file is not encrypted yet
	NeedsRules bool // a configuration that cannot be read is an error
	KeepsType  bool // the file is written in the format in which it is read, unless a flag says otherwise

	// Before is the file as it was read without the lock, which is not kept while
	// an editor runs. The write is refused if another command changed it since.
	Before *Source
}

// A Tx is a file between its being read and its being written, under its lock.
type Tx struct {
	*Source
	app    *App
	r      Request
	result []byte // what is to be written; nil if nothing is
	mode   fs.FileMode
}

// Update is the only way in which a file changes: the lock is taken, the file
// read, its format and its configuration settled, and what change puts is
// written over what was read, if that is still there.
func (a *App) Update(ctx context.Context, r Request, change func(*Tx) error) error {
	if err := r.Target.Check(r.File); err != nil {
		return err
	}
	if err := a.Audit.Open(ctx); err != nil {
		return err
	}
	unlock, err := a.lockInPlace(ctx, r.File, r.Target)
	if err != nil {
		return err
	}
	defer unlock()
	t := &Tx{app: a, r: r}
	if t.Source, err = a.readFor(ctx, r); err != nil {
		return err
	}
	if r.KeepsType {
		t.KeepType()
		if err := t.EncryptedType(r.Common); err != nil {
			return err
		}
	}
	if err := change(t); err != nil {
		return err
	}
	a.came(t)
	if t.result == nil || a.DryRun {
		return nil
	}
	return a.write(ctx, t.Source, r.Target, t.result, t.mode)
}

// readFor reads the file of a request.
func (a *App) readFor(ctx context.Context, r Request) (*Source, error) {
	switch {
	case r.Before != nil:
		return r.Before, nil
	case r.Plain:
		return a.readInto(ctx, &Source{File: r.File, plain: true}, r.Common, r.Missing)
	case r.NeedsRules:
		return a.Read(ctx, r.File, r.Common, r.Missing)
	}
	return a.ReadEncrypted(ctx, r.File, r.Common, r.Missing)
}

// Decrypt decrypts the file for a change of its content.
func (t *Tx) Decrypt(ctx context.Context, k keeper.Keeper) (*envelope.Decrypted, error) {
	return t.app.DecryptToChange(ctx, t.Source, k, t.r.Access)
}

// Put says what is to be written, an encrypted text.
func (t *Tx) Put(text []byte) { t.result, t.mode = text, EncryptedMode }

// PutPlain says that a plaintext is to be written.
func (t *Tx) PutPlain(text []byte) {
	t.result, t.mode = text, PlainMode
	if text == nil {
		t.result = []byte{}
	}
}

// Encrypt puts the content, encrypted, in the output format.
func (t *Tx) Encrypt(ctx context.Context, d *envelope.Decrypted) error {
	d, err := t.Converted(d)
	if err != nil {
		return t.Named(err)
	}
	text, err := t.app.EncryptText(ctx, t.File, d)
	if err != nil {
		return t.Named(err)
	}
	t.Put(text)
	return nil
}
