package app

import (
	"errors"
	"io"
	"io/fs"
	"path/filepath"
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
func (a *App) read(f File, c Common, missing int) (*source, error) {
	s := &source{File: f}
	var err error
	if f.Path == "" {
		if s.data, err = io.ReadAll(a.Stdin); err != nil {
			return nil, fail(codeReadInput, "", "standard input: %w", err)
		}
	} else {
		s.file, err = atomicfile.Read(a.abs(f.Path))
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fail(missing, "", "Error: cannot operate on non-existent file %q", a.abs(f.Path))
		}
		if err != nil {
			return nil, err
		}
		s.data = s.file.Data
	}
	return s, a.settle(s, c)
}

// settle finds configuration and formats.
func (a *App) settle(s *source, c Common) error {
	var err error
	if s.config, err = a.config(s.File, c); err != nil {
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

// config loads the configuration that holds for f; nil if there is none.
func (a *App) config(f File, c Common) (*config.File, error) {
	path := c.Config
	if path == "" {
		path = a.Env.Get("SOPS_CONFIG")
	}
	if path == "" {
		found, warnings, err := config.Find(filepath.Dir(a.rulePath(f)), a.Dir)
		if err != nil {
			return nil, err
		}
		for _, w := range warnings {
			a.Warn(w)
		}
		if found == "" {
			return nil, nil
		}
		path = found
	}
	cfg, err := config.Load(a.abs(path))
	if err != nil {
		return nil, &configError{err}
	}
	return cfg, nil
}

// A configError is about the configuration, which reading a file can do
// without.
type configError struct{ err error }

func (e *configError) Error() string { return "error loading config: " + e.err.Error() }
func (e *configError) Unwrap() error { return e.err }

// readSealed reads an encrypted file. A configuration that cannot be read does
// not stop that: it would only say how to write.
func (a *App) readSealed(f File, c Common, missing int) (*source, error) {
	s, err := a.read(f, c, missing)
	var bad *configError
	if !errors.As(err, &bad) {
		return s, err
	}
	a.Warn(bad.Error())
	return s, a.formats(s, c)
}
