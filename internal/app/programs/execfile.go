package programs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/editor"
)

// ExecFileOptions are the options of ExecFile.
type ExecFileOptions struct {
	app.File
	app.Common
	app.Access
	Program    Program
	NoFIFO     bool
	Filename   string
	Background bool
	User       string
}

// ExecFile runs a program with the name of a decrypted file in place of {}. The
// file is a pipe that can be read once, or with NoFIFO one of memory where there
// is a memory file system. It is removed when the program ends.
func ExecFile(ctx context.Context, a *app.App, o ExecFileOptions) error {
	if o.Filename == "" {
		o.Filename = "tmp-file"
	}
	if o.Background {
		deprecated(a, "exec-file")
	}
	plain, err := plaintext(ctx, a, o)
	if err != nil {
		return err
	}
	if !filepath.IsLocal(o.Filename) {
		return app.Fail(app.Other, "", "--filename %q is not the name of a file in the directory that is made for it", o.Filename)
	}
	if o.Background {
		environ, places, err := surroundings(a, o)
		if err != nil {
			return err
		}
		return execDetached(ctx, a, o, plain, environ, places)
	}
	end := execWith(ctx, a, o, func(places editor.Places) (*editor.Session, error) {
		return editor.NewFile(o.Filename, plain, !o.NoFIFO, places)
	})
	var child *ChildExit
	if errors.As(end, &child) {
		endLike(child)
	}
	return end
}

// surroundings are the environment of the program, and where its file may be.
func surroundings(a *app.App, o ExecFileOptions) ([]string, editor.Places, error) {
	places := editor.Places{Runtime: a.Env.Get("XDG_RUNTIME_DIR"), Temp: a.Env.Get("TMPDIR")}
	login, err := switchTo(o.User)
	if err != nil {
		return nil, places, err
	}
	if o.User != "" {
		places.Runtime = "" // which is another user's
	}
	if err := editor.CleanStale(places); err != nil {
		a.Warnf("what a killed command has left could not be removed: %v", err)
	}
	return slices.Concat(inherited(false), login), places, nil
}

// plaintext returns the file decrypted, in the output type.
func plaintext(ctx context.Context, a *app.App, o ExecFileOptions) ([]byte, error) {
	s, err := readNamed(ctx, a, o.File, o.Common)
	if err != nil {
		return nil, err
	}
	decrypted, err := a.Decrypt(ctx, s, a.Keepers(ctx, o.Access), o.Access)
	if err != nil {
		return nil, err
	}
	out, err := s.Plaintext(decrypted)
	return out, s.Named(err)
}

// execWith runs the program while the file, or the directory of files, is there.
// Signals are collected before that, so that none ends this process in between.
func execWith(ctx context.Context, a *app.App, o ExecFileOptions, begin func(editor.Places) (*editor.Session, error)) error {
	environ, places, err := surroundings(a, o)
	if err != nil {
		return err
	}
	r := newRelay()
	defer r.stop()
	s, err := begin(places)
	if err != nil {
		return err
	}
	verboseFile(a, s, o)
	cmd := command(a, o.Program.with(s.Path()), environ)
	end := childEnd(r.run(ctx, cmd))
	if err := s.Close(); err != nil {
		a.Warnf("the decrypted file could not be removed: %v", err)
	}
	return startError(end, cmd, nil, o.Path)
}

func verboseFile(a *app.App, s *editor.Session, o ExecFileOptions) {
	if o.NoFIFO && !s.InMemory() {
		a.Verbosef("there is no memory file system; the decrypted file is in %s while the program runs", filepath.Dir(s.Path()))
	}
}

// execDetached starts the program with a file that has no name any more when
// this process ends, and so needs no one to remove it.
func execDetached(ctx context.Context, a *app.App, o ExecFileOptions, plain []byte, environ []string, places editor.Places) error {
	if inheritedFile == "" {
		return app.Fail(app.Other, "leave --background out", "exec-file --background: this system has no file that a program inherits by name")
	}
	f, err := nameless(plain, places)
	if err != nil {
		return err
	}
	defer f.Close()
	cmd := command(a, o.Program.with(inheritedFile), environ)
	cmd.ExtraFiles = []*os.File{f}
	return startError(detach(ctx, a, cmd), cmd, nil, o.Path)
}

// nameless returns a file to read content from that is in no directory.
func nameless(content []byte, places editor.Places) (f *os.File, err error) {
	s, err := editor.NewFile("f", content, false, places)
	if err != nil {
		return nil, err
	}
	f, err = os.Open(s.Path())
	if closed := s.Close(); closed != nil {
		return nil, errors.Join(err, fmt.Errorf("the decrypted file could not be removed: %w", closed))
	}
	return f, err
}
