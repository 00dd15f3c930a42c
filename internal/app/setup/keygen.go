// Package setup is the commands for what comes before the first file: keys,
// configurations, and policies.
package setup

import (
	"context"
	"crypto/subtle"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/atomicfile"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/keeper/age"
)

// KeygenOptions are the options of Keygen.
type KeygenOptions struct {
	Path        string // of the key file; "" is where keys are looked for
	ToRecipient bool   // print the recipients of a file that exists
	Hybrid      bool   // a key that resists quantum computers as well
	Passphrase  bool   // encrypt the file with a passphrase
}

// Keygen makes an age key in a file that does not exist yet, and prints its
// recipient.
func Keygen(ctx context.Context, a *app.App, o KeygenOptions) error {
	path := a.Abs(o.Path)
	if o.Path == "" {
		if path = age.New(age.Options{Env: a.Env}).DefaultFile(); path == "" {
			return app.Fail(app.Other, "name one: sops keygen PATH", "there is no directory for a key file: HOME and XDG_CONFIG_HOME are empty")
		}
	}
	if o.ToRecipient {
		return printRecipients(ctx, a, path)
	}
	if _, err := os.Lstat(path); err == nil {
		return exists(path) // before a passphrase is asked for
	}
	text, recipient, err := age.Generate(a.Now().UTC(), o.Hybrid)
	if err != nil {
		return err
	}
	if o.Passphrase {
		if text, err = locked(ctx, a, text); err != nil {
			return err
		}
	}
	if err := writeNew(path, text); err != nil {
		return err
	}
	_, err = fmt.Fprintln(a.Stdout, recipient)
	return err
}

// locked encrypts a key file with a passphrase, which is typed twice.
func locked(ctx context.Context, a *app.App, text []byte) ([]byte, error) {
	first, err := a.AskPassphrase(ctx, "Passphrase for the new key: ")
	if err != nil {
		return nil, err
	}
	if len(first) == 0 {
		return nil, app.Fail(app.Other, "leave --passphrase out to have none", "the passphrase is empty, so no key was made")
	}
	second, err := a.AskPassphrase(ctx, "The same again: ")
	if err != nil {
		return nil, err
	}
	if subtle.ConstantTimeCompare(first, second) != 1 {
		return nil, app.Fail(app.Other, "", "the passphrases differ, so no key was made")
	}
	return age.Lock(text, first)
}

func printRecipients(ctx context.Context, a *app.App, path string) error {
	f, err := atomicfile.Read(ctx, path)
	if err != nil {
		return err
	}
	all, err := age.RecipientsOf(f.Data, func() ([]byte, error) {
		return a.AskPassphrase(ctx, "Passphrase for "+path+": ")
	})
	if err != nil {
		return app.File{Path: path}.Named(err)
	}
	_, err = io.WriteString(a.Stdout, strings.Join(all, "\n")+"\n")
	return err
}

func exists(path string) error {
	return app.Fail(app.Output, "to see its recipient: sops keygen --to-recipient "+hint.Path(path), "%s: %w; it is not overwritten", hint.Line(path), fs.ErrExist)
}

// writeNew writes a file that only the user can read, unless there is one: a key
// that is overwritten is gone.
func writeNew(path string, text []byte) error {
	const privateDir = 0o700
	if err := os.MkdirAll(filepath.Dir(path), privateDir); err != nil {
		return &app.Error{Kind: app.Output, Err: err}
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, app.PlainMode)
	if os.IsExist(err) {
		return exists(path)
	}
	if err != nil {
		return &app.Error{Kind: app.Output, Err: err}
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		os.Remove(path) // half a key is no key
		return &app.Error{Kind: app.Output, Err: err}
	}
	return nil
}
