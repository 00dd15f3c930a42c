package app

import (
	"bytes"
	"context"
	"errors"

	"github.com/seed-1f7fdfb8/sops/internal/rule"
)

// encryptOnto gives an encrypted file the content of s. What is the same in
// both keeps its ciphertext, and the keys stay those of the encrypted file. If
// nothing changed nothing is written.
func (a *App) encryptOnto(ctx context.Context, s *source, o EncryptOptions) error {
	if o.Keys != (KeyLists{}) || o.Selection != (rule.Rule{}) || o.EncryptionContext != "" || o.Threshold != 0 || o.MACOnlyEncrypted || o.AllowPartial {
		return fail(codeConflict, "change the keys with sops updatekeys or sops rotate",
			"--onto keeps keys and rules of the encrypted file, so they cannot be given")
	}
	if o.InPlace || o.Output != "" {
		return fail(codeConflict, "leave them out", "--onto writes over the encrypted file; --in-place and --output say otherwise")
	}
	unlock, err := a.lock(ctx, o.Onto)
	if err != nil {
		return err
	}
	defer unlock()
	old, err := a.readSealed(ctx, File{Path: o.Onto, InputType: o.OutputType, OutputType: o.OutputType}, o.Common, codeNoFile)
	if err != nil {
		return err
	}
	opened, err := a.open(ctx, old, a.keepers(ctx, o.Access), o.Access)
	if err != nil {
		return err
	}
	plain := s.data
	if s.in.Name() != old.in.Name() {
		if plain, err = convert(plain, s.in, old.in); err != nil {
			return s.name(err)
		}
	}
	if bytes.Equal(plain, opened.Plain()) {
		return nil
	}
	if err := opened.Replace(plain); err != nil {
		return s.name(contentError(err))
	}
	out, err := a.seal(opened)
	if err != nil {
		return s.name(err)
	}
	if old.file == nil {
		return errors.New("--onto needs a file")
	}
	return old.file.Write(out, nil)
}
