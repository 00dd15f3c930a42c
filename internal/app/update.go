package app

import (
	"context"
	"io/fs"

	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// A request names a file that a command may rewrite, and says how it is read.
type request struct {
	File
	Common
	Access
	Target
	missing    Kind // of the failure if the file does not exist
	plain      bool // the file is not encrypted yet
	needsRules bool // a configuration that cannot be read is an error
	keepsType  bool // the file is written in the format in which it is read, unless a flag says otherwise

	// before is the file as it was read without the lock, which is not kept while
	// an editor runs. The write is refused if another command changed it since.
	before *source
}

// A tx is a file between its being read and its being written, under its lock.
type tx struct {
	*source
	app *App
	r   request
	result []byte // what is to be written; nil if nothing is
	mode   fs.FileMode
}

// update is the only way in which a file changes: the lock is taken, the file
// read, its format and its configuration settled, and what change puts is
// written over what was read, if that is still there.
func (a *App) update(ctx context.Context, r request, change func(*tx) error) error {
	if err := r.Target.check(r.File); err != nil {
		return err
	}
	unlock, err := a.lockInPlace(ctx, r.File, r.Target)
	if err != nil {
		return err
	}
	defer unlock()
	t := &tx{app: a, r: r}
	if t.source, err = a.readFor(ctx, r); err != nil {
		return err
	}
	if r.keepsType {
		t.keepType()
		if err := t.encryptedType(r.Common); err != nil {
			return err
		}
	}
	if err := change(t); err != nil || t.result == nil {
		return err
	}
	return a.write(ctx, t.source, r.Target, t.result, t.mode)
}

// readFor reads the file of a request.
func (a *App) readFor(ctx context.Context, r request) (*source, error) {
	switch {
	case r.before != nil:
		return r.before, nil
	case r.plain:
		return a.readInto(ctx, &source{File: r.File, plain: true}, r.Common, r.missing)
	case r.needsRules:
		return a.read(ctx, r.File, r.Common, r.missing)
	}
	return a.readEncrypted(ctx, r.File, r.Common, r.missing)
}

// decrypt decrypts the file for a change of its content.
func (t *tx) decrypt(ctx context.Context, k keeper.Keeper) (*envelope.Decrypted, error) {
	return t.app.openToChange(ctx, t.source, k, t.r.Access)
}

// put says what is to be written, an encrypted text.
func (t *tx) put(text []byte) { t.result, t.mode = text, encryptedMode }

// putPlain says that a plaintext is to be written.
func (t *tx) putPlain(text []byte) {
	t.result, t.mode = text, plainMode
	if text == nil {
		t.result = []byte{}
	}
}

// encrypt puts the content, encrypted, in the output format.
func (t *tx) encrypt(d *envelope.Decrypted) error {
	d, err := t.converted(d)
	if err != nil {
		return t.name(err)
	}
	text, err := t.app.encryptSource(d)
	if err != nil {
		return t.name(err)
	}
	t.put(text)
	return nil
}
