package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/seed-1f7fdfb8/sops/internal/editor"
)

// ExecFileOptions are the options of ExecFile.
type ExecFileOptions struct {
	File
	Common
	Access
	Program    Program
	NoFIFO     bool
	Filename   string
	Background bool
	User       string
}

// ExecFile runs a program with the name of a decrypted file in place of {}. The
// file is a pipe that can be read once, or with NoFIFO one of memory where there
// is a memory file system. It is removed when the program ends.
func (a *App) ExecFile(ctx context.Context, o ExecFileOptions) error {
	if o.Filename == "" {
		o.Filename = "tmp-file"
	}
	if o.Background {
		a.deprecated("exec-file")
	}
	plain, err := a.plaintext(ctx, o)
	if err != nil {
		return err
	}
	if !filepath.IsLocal(o.Filename) {
		return fail(Other, "", "--filename %q is not the name of a file in the directory that is made for it", o.Filename)
	}
	login, err := switchTo(o.User)
	if err != nil {
		return err
	}
	environ := slices.Concat(inherited(false), login)
	places := editor.Places{Runtime: a.Env.Get("XDG_RUNTIME_DIR"), Temp: a.Env.Get("TMPDIR")}
	if o.User != "" {
		places.Runtime = "" // which is another user's
	}
	if err := editor.CleanStale(places); err != nil {
		a.warnf("what a killed command left behind could not be removed: %v", err)
	}
	if o.Background {
		return a.execDetached(ctx, o, plain, environ, places)
	}
	end := a.execWithFile(ctx, o, plain, environ, places)
	var child *ChildExit
	if errors.As(end, &child) {
		endLike(child)
	}
	return end
}

// plaintext returns the file decrypted, in the output type.
func (a *App) plaintext(ctx context.Context, o ExecFileOptions) ([]byte, error) {
	s, err := a.readNamed(ctx, o.File, o.Common)
	if err != nil {
		return nil, err
	}
	decrypted, err := a.decryptSource(ctx, s, a.keepers(ctx, o.Access), o.Access)
	if err != nil {
		return nil, err
	}
	out, err := DecryptOptions{File: o.File, Common: o.Common}.render(s, decrypted, nil)
	return out, s.name(err)
}

// execWithFile runs the program while the file is there. Signals are collected
// before that, so that none ends this process in between.
func (a *App) execWithFile(ctx context.Context, o ExecFileOptions, plain []byte, environ []string, places editor.Places) error {
	r := newRelay()
	defer r.stop()
	s, err := editor.NewFile(o.Filename, plain, !o.NoFIFO, places)
	if err != nil {
		return err
	}
	a.verboseFile(s, o)
	cmd := a.command(o.Program.with(s.Path()), environ)
	end := childEnd(r.run(ctx, cmd))
	if err := s.Close(); err != nil {
		a.warnf("the decrypted file could not be removed: %v", err)
	}
	return startError(end, cmd, nil, o.Path)
}

func (a *App) verboseFile(s *editor.Session, o ExecFileOptions) {
	if o.NoFIFO && !s.InMemory() {
		a.verbosef("there is no memory file system; the decrypted file is in %s while the program runs", filepath.Dir(s.Path()))
	}
}

// execDetached starts the program with a file that has no name any more when
// this process ends, and so needs no one to remove it.
func (a *App) execDetached(ctx context.Context, o ExecFileOptions, plain []byte, environ []string, places editor.Places) error {
	if inheritedFile == "" {
		return fail(Other, "leave --background out", "exec-file --background: this system has no file that a program inherits by name")
	}
	f, err := nameless(plain, places)
	if err != nil {
		return err
	}
	defer f.Close()
	cmd := a.command(o.Program.with(inheritedFile), environ)
	cmd.ExtraFiles = []*os.File{f}
	return startError(a.detach(ctx, cmd), cmd, nil, o.Path)
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
