package app

import (
	"bytes"
	"context"

	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/internal/keyplan"
	"github.com/seed-1f7fdfb8/sops/internal/rule"
)

// encryptOnto gives an encrypted file the content of s. What is the same in
// both keeps its ciphertext, and the keys stay those of the encrypted file. If
// nothing changed nothing is written.
func (a *App) encryptOnto(ctx context.Context, s *source, o EncryptOptions) error {
	if o.Keys != (KeyLists{}) || o.Selection != (rule.Rule{}) || o.EncryptionContext != "" || o.Threshold != 0 || o.MACOnlyEncrypted || o.AllowPartial {
		return fail(Conflict, "change the keys with sops updatekeys or sops rotate",
			"--onto keeps keys and rules of the encrypted file, so they cannot be given")
	}
	if o.InPlace || o.Output != "" {
		return fail(Conflict, "leave them out", "--onto writes over the encrypted file; --in-place and --output say otherwise")
	}
	if err := s.holdsTokens(o.AllowEncrypted); err != nil {
		return err
	}
	r := request{
		File:   File{Path: o.Onto, InputType: o.OutputType, OutputType: o.OutputType},
		Common: o.Common, Access: o.Access, Target: Target{InPlace: true}, missing: NoFile,
	}
	return a.update(ctx, r, func(t *tx) error {
		decrypted, err := t.decrypt(ctx, a.keepers(ctx, o.Access))
		if err != nil {
			return err
		}
		if err := a.vouchOnto(ctx, t.source, decrypted, o.AcceptKeys); err != nil {
			return t.name(err)
		}
		return a.replaceContent(t, s, decrypted, o.FollowFile)
	})
}

// vouchOnto decides whether new content may be encrypted under the data key that
// a file has: whoever made the file may have kept it. Where no rule says which
// keys belong into the file, its seal must.
func (a *App) vouchOnto(ctx context.Context, old *source, decrypted *envelope.Decrypted, accepted bool) error {
	groups := keysOf(decrypted.Meta)
	g := keyplan.Grant{Before: groups.Groups, After: groups.Groups, Needed: groups.Needed(), Always: true}
	return a.vouch(ctx, old, decrypted, g, accepted)
}

// replaceContent gives the file of t, which was decrypted, the content of s.
func (a *App) replaceContent(t *tx, s *source, decrypted *envelope.Decrypted, follow bool) error {
	plain := s.data
	if s.in.Name() != t.in.Name() {
		converted, err := convert(plain, s.in, t.in)
		if err != nil {
			return s.name(err)
		}
		plain = converted
	}
	before := decrypted.Plain()
	if bytes.Equal(plain, before) {
		return nil
	}
	if err := decrypted.Replace(plain); err != nil {
		return s.name(contentError(err))
	}
	if err := a.obeyRule(t.source, decrypted, before, follow); err != nil {
		return t.name(err)
	}
	text, err := a.encryptSource(decrypted)
	if err != nil {
		return s.name(err)
	}
	t.put(text)
	return nil
}
