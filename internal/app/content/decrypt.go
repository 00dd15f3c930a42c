// Package content is the commands that show and change the content of files:
// decrypt, encrypt, set, unset, edit and filestatus. They know values and not
// keys: those are chosen when a file is created, and kept from then on.
package content

import (
	"context"
	"errors"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// DecryptOptions are the options of Decrypt.
type DecryptOptions struct {
	app.File
	app.Common
	app.Access
	app.Target
	Extract string // an address; "" is the whole file
}

// Decrypt writes the plaintext of a file, or one part of it.
func Decrypt(ctx context.Context, a *app.App, o DecryptOptions) error {
	if o.Extract != "" && o.InPlace {
		return app.Fail(app.Conflict, "leave --in-place out",
			"--extract with --in-place would replace the whole file by one value")
	}
	at, err := o.address()
	if err != nil {
		return err
	}
	r := app.Request{File: o.File, Common: o.Common, Access: o.Access, Target: o.Target, Missing: app.NoFile}
	return a.Update(ctx, r, func(t *app.Tx) error {
		t.Spend = !o.InPlace // which compares the file with what was read
		decrypted, err := a.Decrypt(ctx, t.Source, a.Keepers(ctx, o.Access), o.Access)
		if err != nil {
			return err
		}
		out, err := o.render(t.Source, decrypted, at)
		if err != nil {
			return t.Named(err)
		}
		t.PutPlain(out)
		a.Outcome().Did("decrypt", o.Extract, "")
		return nil
	})
}

// address returns what to extract, nil for the whole file.
func (o DecryptOptions) address() (tree.Address, error) {
	if o.Extract == "" {
		return nil, nil
	}
	at, err := tree.ParseAddress(o.Extract)
	if err != nil {
		return nil, &app.Error{Kind: app.BadExtract, Err: err}
	}
	return at, nil
}

// render returns what is asked for, in the output format.
func (o DecryptOptions) render(s *app.Source, decrypted *envelope.Decrypted, at tree.Address) ([]byte, error) {
	if at != nil {
		return extract(s, decrypted, at)
	}
	return s.Plaintext(decrypted)
}

// extract returns one node of the first document.
func extract(s *app.Source, decrypted *envelope.Decrypted, at tree.Address) ([]byte, error) {
	if len(decrypted.Trees()) == 0 {
		return nil, errors.New("the file holds no document")
	}
	n, err := tree.Find(decrypted.Trees()[0], at)
	if err != nil {
		return nil, err
	}
	out, err := s.Out.RenderValue(n)
	if err != nil {
		return nil, &app.Error{Kind: app.Render, Err: err}
	}
	return out, nil
}
