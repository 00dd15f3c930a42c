package app

import (
	"bytes"
	"context"

	"github.com/seed-1f7fdfb8/sops/internal/envelope"
)

// encryptOnto gives an encrypted file the content of s. What is the same in
// both keeps its ciphertext, and the keys stay those of the encrypted file. If
// nothing changed nothing is written.
func (a *App) encryptOnto(ctx context.Context, s *source, o EncryptOptions) error {
	if o.Creation.given() || o.AllowPartial {
		return fail(codeConflict, "change the keys with sops updatekeys or sops rotate",
			"--onto keeps keys and rules of the encrypted file, so they cannot be given")
	}
	if o.InPlace || o.Output != "" {
		return fail(codeConflict, "leave them out", "--onto writes over the encrypted file; --in-place and --output say otherwise")
	}
	if err := s.holdsTokens(o.AllowEncrypted); err != nil {
		return err
	}
	unlock, err := a.lock(ctx, o.Onto)
	if err != nil {
		return err
	}
	defer unlock()
	old, err := a.readEncrypted(ctx, File{Path: o.Onto, InputType: o.OutputType, OutputType: o.OutputType}, o.Common, codeNoFile)
	if err != nil {
		return err
	}
	decrypted, err := a.openToChange(ctx, old, a.keepers(ctx, o.Access), o.Access)
	if err != nil {
		return err
	}
	if err := a.vouchOnto(ctx, old, decrypted, o.AcceptKeys); err != nil {
		return old.name(err)
	}
	return a.renew(s, old, decrypted, o.FollowFile)
}

// vouchOnto decides whether new content may be encrypted under the data key that
// a file has: whoever made the file may have kept it. Where no rule says which
// keys belong into the file, its seal must.
func (a *App) vouchOnto(ctx context.Context, old *source, decrypted *envelope.Decrypted, accepted bool) error {
	groups := decrypted.Meta.MasterKeys()
	g := giving{before: groups, after: groups, needed: groupsNeeded(decrypted.Meta.Threshold, len(groups)), always: true}
	return a.vouch(ctx, old, decrypted, g, accepted)
}

// renew writes the content of s over the encrypted file old, which was decrypted.
func (a *App) renew(s, old *source, decrypted *envelope.Decrypted, follow bool) error {
	plain := s.data
	if s.in.Name() != old.in.Name() {
		converted, err := convert(plain, s.in, old.in)
		if err != nil {
			return s.name(err)
		}
		plain = converted
	}
	before, err := decrypted.Plain()
	if err != nil {
		return s.name(err)
	}
	if bytes.Equal(plain, before) {
		return nil
	}
	if err := decrypted.Replace(plain); err != nil {
		return s.name(contentError(err))
	}
	if err := a.obeyRule(old, decrypted, follow); err != nil {
		return old.name(err)
	}
	out, err := a.encryptSource(decrypted)
	if err != nil {
		return s.name(err)
	}
	return old.file.Write(out, nil)
}
