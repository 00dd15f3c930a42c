package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
)

// EncryptOptions are the options of Encrypt.
type EncryptOptions struct {
	File
	Common
	Access
	Creation
	Target
	Onto       string // an encrypted file to give the content to; "" is none
	FollowFile bool   // with Onto: obey the selection rule of that file
	AcceptKeys bool   // with Onto: encrypt also for keys that nothing vouches for
	// AllowPartial leaves out keys that cannot be wrapped.
	AllowPartial bool
	// AllowEncrypted encrypts also what holds encrypted values.
	AllowEncrypted bool
}

// Encrypt encrypts a plaintext file.
func (a *App) Encrypt(ctx context.Context, o EncryptOptions) error {
	if o.isUnnamed() && o.FilenameOverride == "" {
		o.FilenameOverride = o.Onto
	}
	if o.isUnnamed() && o.FilenameOverride == "" {
		if err := o.Target.check(o.File); err != nil {
			return err
		}
		return fail(Conflict, "add --filename-override NAME: it decides on the rule and the file type",
			"encrypting standard input needs a name for it")
	}
	r := request{File: o.File, Common: o.Common, Access: o.Access, Target: o.Target, missing: NoFile, plain: true}
	return a.update(ctx, r, func(t *tx) error {
		if err := a.emptyPipe(t.source, cmp.Or(o.Onto, o.Output)); err != nil {
			return err
		}
		if o.Onto != "" {
			return a.encryptOnto(ctx, t.source, o)
		}
		return a.encryptNew(ctx, t, o)
	})
}

// encryptNew encrypts a file for the keys that flags or rules name.
func (a *App) encryptNew(ctx context.Context, t *tx, o EncryptOptions) error {
	if o.FollowFile || o.AcceptKeys {
		return fail(Conflict, "leave it out", "--follow-file and --accept-keys are about the encrypted file that --onto names")
	}
	if err := t.encryptedType(o.Common); err != nil {
		return err
	}
	plan, err := a.plan(t.source, o.Creation, o.Access)
	if err != nil {
		return err
	}
	if err := t.holdsTokens(o.AllowEncrypted); err != nil {
		return err
	}
	explicit, _, err := a.explicitKeys(o.Creation.Keys, o.Access)
	if err != nil {
		return err
	}
	o.Access = o.Access.naming(explicit)
	decrypted, err := a.createSome(ctx, t.source, plan, o)
	if err != nil {
		return err
	}
	a.checkSelection(t.source, decrypted)
	text, err := a.encryptSource(decrypted)
	if err != nil {
		return t.name(err)
	}
	t.put(text)
	return nil
}

// emptyPipe refuses to write nothing over a file that holds something: the
// command before this one in a pipe has failed, which a shell does not tell.
func (a *App) emptyPipe(s *source, target string) error {
	if !s.isStdin() || len(s.data) > 0 || target == "" {
		return nil
	}
	info, err := os.Stat(a.abs(target))
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		return nil
	}
	return fail(NoDocument, "if the command before it failed, see why; if an empty file is meant, remove the old one first: rm "+hint.Path(target),
		"standard input is empty, and %s is not: it was left as it is", hint.Path(target))
}

// checkSelection warns of a new file in which nothing is encrypted, although
// there is what could be: most likely a name in the rule is misspelt.
func (a *App) checkSelection(s *source, o *envelope.Decrypted) {
	selected, all, err := o.Secrets()
	if err != nil || selected > 0 || all == 0 {
		return
	}
	name := cmp.Or(s.FilenameOverride, s.Path)
	for _, f := range o.Meta.Selection.Fields() {
		a.warnf("%s: nothing is encrypted: %s %q leaves all of its values unencrypted", name, f.Name, f.Text)
	}
}

// convert renders plain, which is in one format, in another.
func convert(plain []byte, from, to format.Format) ([]byte, error) {
	d, err := from.Parse(plain)
	if err != nil {
		return nil, contentError(err)
	}
	if line := d.Reserved(); line > 0 {
		return nil, &Error{Kind: envelope.ErrReserved, Err: fmt.Errorf("line %d: the file seems to be encrypted already", line)}
	}
	out, err := to.Render(d.Trees())
	if err != nil {
		return nil, &Error{Kind: Render, Err: err}
	}
	return out, nil
}

// isContent reports whether err is about the content of a file and not about
// its keys.
func isContent(err error) bool {
	return errors.As(err, new(*format.Error)) || errors.As(err, new(*envelope.Failure))
}

// contentError gives errors about the content of a plain file their exit codes.
func contentError(err error) error {
	var bad *format.Error
	if !errors.As(err, &bad) {
		return err
	}
	switch {
	case bad.Empty:
		return &Error{Kind: NoDocument, Err: err}
	case bad.Content:
		return &Error{Kind: NotEncryptable, Err: err}
	}
	return &Error{Kind: Input, Err: err}
}
