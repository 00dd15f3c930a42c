package content

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
)

// EncryptOptions are the options of Encrypt.
type EncryptOptions struct {
	app.File
	app.Common
	app.Access
	Creation
	app.Target
	Onto       string // an encrypted file to give the content to; "" is none
	FollowFile bool   // with Onto: obey the selection rule of that file
	AcceptKeys bool   // with Onto: encrypt also for keys that nothing vouches for
	// AllowPartial leaves out keys that cannot be wrapped.
	AllowPartial bool
	// AllowEncrypted encrypts also what holds encrypted values.
	AllowEncrypted bool
}

// Encrypt encrypts a plaintext file.
func Encrypt(ctx context.Context, a *app.App, o EncryptOptions) error {
	if o.IsUnnamed() && o.FilenameOverride == "" {
		o.FilenameOverride = o.Onto
	}
	if o.IsUnnamed() && o.FilenameOverride == "" {
		if err := o.Target.Check(o.File); err != nil {
			return err
		}
		return app.Fail(app.Conflict, "add --filename-override NAME: it decides on the rule and the file type",
			"encrypting standard input needs a name for it")
	}
	r := app.Request{File: o.File, Common: o.Common, Access: o.Access, Target: o.Target, Missing: app.NoFile, Plain: true}
	return a.Update(ctx, r, func(t *app.Tx) error {
		if err := emptyPipe(a, t.Source, cmp.Or(o.Onto, o.Output)); err != nil {
			return err
		}
		if o.Onto != "" {
			return encryptOnto(ctx, a, t.Source, o)
		}
		return encryptNew(ctx, a, t, o)
	})
}

// encryptNew encrypts a file for the keys that flags or rules name.
func encryptNew(ctx context.Context, a *app.App, t *app.Tx, o EncryptOptions) error {
	if o.FollowFile || o.AcceptKeys {
		return app.Fail(app.Conflict, "leave it out", "--follow-file and --accept-keys are about the encrypted file that --onto names")
	}
	if err := t.EncryptedType(o.Common); err != nil {
		return err
	}
	plan, err := plan(a, t.Source, o.Creation, o.Access)
	if err != nil {
		return err
	}
	if err := holdsTokens(t.Source, o.AllowEncrypted); err != nil {
		return err
	}
	explicit, _, err := a.ExplicitKeys(o.Creation.Keys, o.Access)
	if err != nil {
		return err
	}
	o.Access = o.Access.Naming(explicit)
	decrypted, err := createSome(ctx, a, t.Source, plan, o)
	if err != nil {
		return err
	}
	checkSelection(a, t.Source, decrypted)
	text, err := a.EncryptText(ctx, t.File, decrypted)
	if err != nil {
		return t.Named(err)
	}
	t.Put(text)
	a.Outcome().Did("encrypt", "", "")
	return nil
}

// emptyPipe refuses to write nothing over a file that holds something: the
// command before this one in a pipe has failed, which a shell does not tell.
func emptyPipe(a *app.App, s *app.Source, target string) error {
	if !s.IsStdin() || len(s.Data) > 0 || target == "" {
		return nil
	}
	info, err := os.Stat(a.Abs(target))
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		return nil
	}
	return app.Fail(app.NoDocument, "if the command before it failed, see why; if an empty file is meant, remove the old one first: rm "+hint.Path(target),
		"standard input is empty, and %s is not: it was left as it is", hint.Path(target))
}

// checkSelection warns of a new file in which nothing is encrypted, although
// there is what could be: most likely a name in the rule is misspelt.
func checkSelection(a *app.App, s *app.Source, o *envelope.Decrypted) {
	selected, all, err := o.Secrets()
	if err != nil || selected > 0 || all == 0 {
		return
	}
	name := cmp.Or(s.FilenameOverride, s.Path)
	for _, f := range o.Meta.Selection.Fields() {
		a.Warnf("%s: nothing is encrypted: %s %q leaves all of its values unencrypted", name, f.Name, f.Text)
	}
}

// convert renders plain, which is in one format, in another.
func convert(plain []byte, from, to format.Format) ([]byte, error) {
	d, err := from.Parse(plain)
	if err != nil {
		return nil, contentError(err)
	}
	if line := d.Reserved(); line > 0 {
		return nil, &app.Error{Kind: envelope.ErrReserved, Err: fmt.Errorf("line %d: the file seems to be encrypted already", line)}
	}
	out, err := to.Render(d.Trees())
	if err != nil {
		return nil, &app.Error{Kind: app.Render, Err: err}
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
		return &app.Error{Kind: app.NoDocument, Err: err}
	case bad.Content:
		return &app.Error{Kind: app.NotEncryptable, Err: err}
	}
	return &app.Error{Kind: app.Input, Err: err}
}
