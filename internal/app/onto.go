package app

import (
	"bytes"
	"context"
	"os"

	"github.com/seed-1f7fdfb8/sops"
	"github.com/seed-1f7fdfb8/sops/internal/atomicfile"
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
	if err := s.holdsTokens(o.AllowEncrypted); err != nil {
		return err
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
	return a.renew(s, old, opened)
}

// renew writes the content of s over the encrypted file old, which was opened.
func (a *App) renew(s, old *source, opened *sops.Opened) error {
	plain := s.data
	if s.in.Name() != old.in.Name() {
		converted, err := convert(plain, s.in, old.in)
		if err != nil {
			return s.name(err)
		}
		plain = converted
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
	return old.file.Write(out, nil)
}

// encryptOver does the same where the output is a file that is encrypted
// already, for the same keys and by the same rule, and can be opened. It
// reports whether it was so.
func (a *App) encryptOver(ctx context.Context, s *source, o EncryptOptions, plan sops.Plan) (done bool, err error) {
	if info, err := os.Lstat(a.abs(o.Output)); o.Output == "" || err != nil || !info.Mode().IsRegular() {
		return false, nil
	}
	old := &source{File: File{Path: o.Output}, in: s.out, out: s.out}
	if old.file, err = atomicfile.Read(a.abs(o.Output)); err != nil {
		return false, nil // there is nothing to keep; writing says what is wrong
	}
	old.data = old.file.Data
	sealed, err := sops.Read(old.data, old.in)
	if err != nil || !sealed.Fits(plan) {
		return false, nil
	}
	opened, err := a.open(ctx, old, a.keepers(ctx, o.Access), o.Access)
	if err != nil {
		a.verbosef("%s cannot be opened, so nothing of it is kept: %v", o.Output, err)
		return false, nil
	}
	return true, a.renew(s, old, opened)
}
