package app

import (
	"context"
	"errors"

	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// DecryptOptions are the options of Decrypt.
type DecryptOptions struct {
	File
	Common
	Access
	Target
	Extract string // an address; "" is the whole file, unless Part is set
	Part    bool   // an address was given; the empty one is a mistake
}

// Decrypt writes the plaintext of a file, or one part of it.
func (a *App) Decrypt(ctx context.Context, o DecryptOptions) error {
	if o.Extract != "" && o.InPlace {
		return fail(Conflict, "leave --in-place out",
			"--extract with --in-place would replace the whole file by one value")
	}
	at, err := o.address()
	if err != nil {
		return err
	}
	r := request{File: o.File, Common: o.Common, Access: o.Access, Target: o.Target, missing: NoFile}
	return a.update(ctx, r, func(t *tx) error {
		decrypted, err := a.decryptSource(ctx, t.source, a.keepers(ctx, o.Access), o.Access)
		if err != nil {
			return err
		}
		out, err := o.render(t.source, decrypted, at)
		if err != nil {
			return t.name(err)
		}
		t.putPlain(out)
		return nil
	})
}

// address returns what to extract, nil for the whole file.
func (o DecryptOptions) address() (tree.Address, error) {
	if o.Extract == "" && !o.Part {
		return nil, nil
	}
	at, err := tree.ParseAddress(o.Extract)
	if err != nil {
		return nil, &Error{Kind: BadExtract, Err: err}
	}
	return at, nil
}

// render returns what is asked for, in the output format.
func (o DecryptOptions) render(s *source, decrypted *envelope.Decrypted, at tree.Address) ([]byte, error) {
	if at != nil {
		return extract(s, decrypted, at)
	}
	if s.in.Name() == s.out.Name() && o.Indent == nil {
		return decrypted.Plain(), nil
	}
	out, err := s.out.Render(decrypted.Trees())
	if err != nil {
		return nil, &Error{Kind: Render, Err: err}
	}
	return out, nil
}

// extract returns one node of the first document.
func extract(s *source, decrypted *envelope.Decrypted, at tree.Address) ([]byte, error) {
	if len(decrypted.Trees()) == 0 {
		return nil, errors.New("the file holds no document")
	}
	n, err := tree.Find(decrypted.Trees()[0], at)
	if err != nil {
		return nil, err
	}
	out, err := s.out.RenderValue(n)
	if err != nil {
		return nil, &Error{Kind: Render, Err: err}
	}
	return out, nil
}
