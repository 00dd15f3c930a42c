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

// Decrypt writes a file in clear, or one part of it.
func (a *App) Decrypt(ctx context.Context, o DecryptOptions) error {
	if err := o.Target.check(o.File); err != nil {
		return err
	}
	if o.Extract != "" && o.InPlace {
		return fail(codeConflict, "leave --in-place out",
			"--extract with --in-place would replace the whole file by one value")
	}
	at, err := o.address()
	if err != nil {
		return err
	}
	unlock, err := a.lockInPlace(ctx, o.File, o.Target)
	if err != nil {
		return err
	}
	defer unlock()
	s, err := a.readEncrypted(ctx, o.File, o.Common, codeNoFile)
	if err != nil {
		return err
	}
	decrypted, err := a.decryptSource(ctx, s, a.keepers(ctx, o.Access), o.Access)
	if err != nil {
		return err
	}
	out, err := o.render(s, decrypted, at)
	if err != nil {
		return s.name(err)
	}
	return a.write(ctx, s, o.Target, out, plainMode)
}

// address returns what to extract, nil for the whole file.
func (o DecryptOptions) address() (tree.Address, error) {
	if o.Extract == "" && !o.Part {
		return nil, nil
	}
	at, err := tree.ParseAddress(o.Extract)
	if err != nil {
		return nil, &Error{Code: codePath, Err: err}
	}
	return at, nil
}

// render returns what is asked for, in the output format.
func (o DecryptOptions) render(s *source, decrypted *envelope.Decrypted, at tree.Address) ([]byte, error) {
	if at != nil {
		return extract(s, decrypted, at)
	}
	if s.in.Name() == s.out.Name() && o.Indent == nil {
		return decrypted.Plain()
	}
	out, err := s.out.Render(decrypted.Trees())
	if err != nil {
		return nil, &Error{Code: codeRender, Err: err}
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
		return nil, &Error{Code: codeRender, Err: err}
	}
	return out, nil
}
