package content

import (
	"bytes"
	"context"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/internal/keyplan"
)

// encryptOnto gives an encrypted file the content of s. What is the same in
// both keeps its ciphertext, and the keys stay those of the encrypted file. If
// nothing changed nothing is written.
func encryptOnto(ctx context.Context, a *app.App, s *app.Source, o EncryptOptions) error {
	if o.Creation.given() || o.AllowPartial {
		return app.Fail(app.Conflict, "change the keys with sops updatekeys or sops rotate",
			"--onto keeps keys and rules of the encrypted file, so they cannot be given")
	}
	if o.InPlace || o.Output != "" {
		return app.Fail(app.Conflict, "leave them out", "--onto writes over the encrypted file; --in-place and --output say otherwise")
	}
	if err := holdsTokens(s, o.AllowEncrypted); err != nil {
		return err
	}
	r := app.Request{
		File:   app.File{Path: o.Onto, InputType: o.OutputType, OutputType: o.OutputType},
		Common: o.Common, Access: o.Access, Target: app.Target{InPlace: true}, Missing: app.NoFile,
	}
	return a.Update(ctx, r, func(t *app.Tx) error {
		decrypted, err := t.Decrypt(ctx, a.Keepers(ctx, o.Access))
		if err != nil {
			return err
		}
		if err := vouchOnto(ctx, a, t.Source, decrypted, o.AcceptKeys); err != nil {
			return t.Named(err)
		}
		return replaceContent(ctx, a, t, s, decrypted, o.FollowFile)
	})
}

// vouchOnto decides whether new content may be encrypted under the data key that
// a file has: whoever made the file may have kept it. Where no rule says which
// keys belong into the file, its seal must.
func vouchOnto(ctx context.Context, a *app.App, old *app.Source, decrypted *envelope.Decrypted, accepted bool) error {
	groups := app.KeysOf(decrypted.Meta)
	g := keyplan.Grant{Before: groups.Groups, After: groups.Groups, Needed: groups.Needed(), Always: true}
	return a.Vouch(ctx, old, decrypted, g, accepted)
}

// replaceContent gives the file of t, which was decrypted, the content of s.
func replaceContent(ctx context.Context, a *app.App, t *app.Tx, s *app.Source, decrypted *envelope.Decrypted, follow bool) error {
	plain := s.Data
	if s.In.Name() != t.In.Name() {
		converted, err := convert(plain, s.In, t.In)
		if err != nil {
			return s.Named(err)
		}
		plain = converted
	}
	before, err := decrypted.Plain()
	if err != nil {
		return t.Named(err)
	}
	if bytes.Equal(plain, before) {
		return nil
	}
	if err := decrypted.Replace(plain); err != nil {
		return s.Named(contentError(err))
	}
	if err := obeyRule(a, t.Source, decrypted, follow); err != nil {
		return t.Named(err)
	}
	text, err := a.EncryptText(ctx, t.File, decrypted)
	if err != nil {
		return s.Named(err)
	}
	t.Put(text)
	return nil
}
