package app

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/seed-1f7fdfb8/sops/doc"
	"github.com/seed-1f7fdfb8/sops/internal/atomicfile"
	"github.com/seed-1f7fdfb8/sops/internal/config"
	"github.com/seed-1f7fdfb8/sops/internal/standard"
)

// A source is a file that was read, with its formats and its configuration.
type source struct {
	File
	data    []byte
	file    *atomicfile.File // nil for standard input
	in, out doc.Format
	config  *config.File // nil if there is none

	configPath  string // "" if there is none
	unknownRule error  // why the configuration that is there cannot be read
}

// rulePath is the absolute path that creation rules are matched with.
func (a *App) rulePath(f File) string {
	if f.FilenameOverride != "" {
		return a.abs(f.FilenameOverride)
	}
	return a.abs(f.Path)
}

// read reads the file and settles its formats. The code is that of a file that
// is not there.
func (a *App) read(ctx context.Context, f File, c Common, missing int) (*source, error) {
	s := &source{File: f}
	var err error
	if f.isStdin() {
		if s.data, err = a.readStdin(ctx); err != nil {
			return nil, err
		}
	} else {
		a.clean(f.Path, false)
		s.file, err = atomicfile.Read(ctx, a.abs(f.Path))
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fail(missing, "", "cannot operate on non-existent file %q", a.abs(f.Path))
		}
		if err != nil {
			return nil, err
		}
		s.data = s.file.Data
	}
	if len(s.data) > large {
		// What small files may waste for speed is too much for this one.
		debug.SetGCPercent(100)
	}
	return s, a.settle(s, c)
}

// large is the size in bytes from which memory counts more than time.
const large = 2 << 20

// readStdin reads standard input to its end, or to that of ctx: a command that
// waits for somebody to type can be stopped.
func (a *App) readStdin(ctx context.Context) ([]byte, error) {
	type result struct {
		data []byte
		err  error
	}
	done := make(chan result, 1)
	go func() { // ends with the process: a read of standard input cannot be stopped
		data, err := io.ReadAll(a.Stdin)
		done <- result{data, err}
	}()
	select {
	case r := <-done:
		if r.err != nil {
			return nil, fail(codeReadInput, "", "standard input: %w", r.err)
		}
		return r.data, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// settle finds configuration and formats.
func (a *App) settle(s *source, c Common) error {
	var err error
	if s.configPath, err = a.configPath(s.File, c); err != nil {
		return err
	}
	if s.config, err = a.config(s.configPath); err != nil {
		return err
	}
	return a.formats(s, c)
}

// formats settles how s is read and written. Where only one type is given and
// the name says nothing, the other is the same.
func (a *App) formats(s *source, c Common) error {
	name := s.FilenameOverride
	if name == "" {
		name = s.Path
	}
	in, inGiven := a.format(s.InputType)
	out, outGiven := a.format(s.OutputType)
	byName, known := standard.ForPath(name)
	switch {
	case inGiven && !outGiven && !known:
		out = in
	case outGiven && !inGiven && !known:
		in = out
	}
	if in == "" {
		in = byName
	}
	if out == "" {
		out = byName
	}
	stores := config.Stores{}
	if s.config != nil {
		stores = s.config.Stores
	}
	if c.Indent != nil {
		stores = config.Stores{YAML: c.Indent, JSON: c.Indent, JSONBinary: c.Indent}
	}
	var err error
	if s.in, err = standard.Format(in, stores); err != nil {
		return &Error{Code: codeRender, Err: err}
	}
	if s.out, err = standard.Format(out, stores); err != nil {
		return &Error{Code: codeRender, Err: err}
	}
	return nil
}

// sameType refuses another output type where a file is changed: it would turn
// into a file that its name does not fit.
func (s *source) sameType(command string) error {
	if s.in.Name() == s.out.Name() {
		return nil
	}
	return fail(codeConflict, "leave --output-type out; to convert a file, decrypt it and encrypt the result",
		"%s keeps the type of the file, which is %s, not %s", command, s.in.Name(), s.out.Name())
}

// format checks a type given by flag. An unknown word counts as not given, as
// it always did, but not in silence.
func (a *App) format(word string) (name string, given bool) {
	if word == "" {
		return "", false
	}
	if standard.Known(word) {
		return word, true
	}
	a.warnf("%q is no file type (%s); the type follows from the file's name", word, strings.Join(standard.Names(), ", "))
	return "", false
}

// config loads the configuration at path; nil if there is none.
func (a *App) config(path string) (*config.File, error) {
	if path == "" {
		return nil, nil
	}
	a.verbosef("the configuration is %s", path)
	cfg, err := config.Load(path)
	if err != nil {
		return nil, &configError{err}
	}
	return cfg, nil
}

// configPath returns where the configuration stands that holds for f, "" if
// there is none.
func (a *App) configPath(f File, c Common) (string, error) {
	path := c.Config
	if path == "" {
		path = a.Env.Get("SOPS_CONFIG")
	}
	if path != "" {
		return a.abs(path), nil
	}
	fileDir := "" // standard input stands nowhere
	if !f.isStdin() || f.FilenameOverride != "" {
		fileDir = filepath.Dir(a.rulePath(f))
	}
	path, warnings, err := config.Find(fileDir, a.Dir)
	for _, w := range warnings {
		a.Warn(w)
	}
	if err == nil && path == "" {
		a.verbosef("there is no configuration for this file")
	}
	return path, err
}

// A configError is about the configuration, which reading a file can do
// without.
type configError struct{ err error }

func (e *configError) Error() string { return "error loading config: " + e.err.Error() }
func (e *configError) Unwrap() error { return e.err }

// readSealed reads an encrypted file. A configuration that cannot be read does
// not stop that: it would only say how to write. See knowsRule.
func (a *App) readSealed(ctx context.Context, f File, c Common, missing int) (*source, error) {
	s, err := a.read(ctx, f, c, missing)
	var bad *configError
	if !errors.As(err, &bad) {
		return s, err
	}
	a.Warn(bad.Error())
	s.unknownRule = bad.err
	return s, a.formats(s, c)
}
