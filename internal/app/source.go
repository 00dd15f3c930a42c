package app

import (
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/internal/atomicfile"
	"github.com/seed-1f7fdfb8/sops/internal/config"
	"github.com/seed-1f7fdfb8/sops/internal/suggest"
	"github.com/seed-1f7fdfb8/sops/std"
)

// A Source is a file that was read, with its formats and its configuration.
type Source struct {
	File
	Data    []byte
	file    *atomicfile.File // nil for standard input
	In, Out format.Format
	Config  *config.File // nil if there is none

	configPath  string // "" if there is none
	unknownRule error  // why the configuration that is there cannot be read
	plain       bool   // to be encrypted
	indents     indentation
	Renew       bool // MAC or seal do not fit, and the person trusts the content
}

// RulePath is the absolute path that creation rules are matched with.
func (a *App) RulePath(f File) string {
	switch {
	case f.FilenameOverride != "":
		return a.Abs(f.FilenameOverride)
	case f.Path == "-":
		return a.Abs("")
	}
	return a.Abs(f.Path)
}

// Read reads the file and settles its formats; missing is the kind of the failure
// if the file does not exist.
func (a *App) Read(ctx context.Context, f File, c Common, missing Kind) (*Source, error) {
	return a.readInto(ctx, &Source{File: f}, c, missing)
}

func (a *App) readInto(ctx context.Context, s *Source, c Common, missing Kind) (*Source, error) {
	f := s.File
	var err error
	if f.IsStdin() {
		if s.Data, err = a.ReadStdin(ctx); err != nil {
			return nil, err
		}
	} else {
		a.clean(f.Path, false)
		s.file, err = atomicfile.Read(ctx, a.Abs(f.Path))
		if errors.Is(err, fs.ErrNotExist) {
			if a.Dir == "" && !filepath.IsAbs(f.Path) {
				return nil, Fail(missing, "name it by its absolute path, or go to a directory that is there", "the working directory is gone, so %q is nowhere", f.Path)
			}
			return nil, Fail(missing, "", "cannot operate on non-existent file %q", a.Abs(f.Path))
		}
		if err != nil {
			return nil, err
		}
		s.Data = s.file.Data
	}
	if err := a.settle(s, c); err != nil {
		return s, err
	}
	return s, s.unmerged()
}

// NewFile returns a file that does not exist, with its formats settled.
func (a *App) NewFile(f File, c Common) (*Source, error) {
	a.clean(f.Path, false)
	s := &Source{File: f, file: atomicfile.Absent(a.Abs(f.Path), EncryptedMode)}
	return s, a.settle(s, c)
}

// ReadStdin reads standard input to its end, or to that of ctx: a command that
// waits for a keyboard can be stopped.
func (a *App) ReadStdin(ctx context.Context) ([]byte, error) {
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
			return nil, Fail(Input, "", "standard input: %w", r.err)
		}
		return r.data, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// settle finds configuration and formats.
func (a *App) settle(s *Source, c Common) error {
	var err error
	if s.configPath, err = a.ConfigPath(s.File, c); err != nil {
		return err
	}
	if s.Config, err = a.config(s.configPath); err != nil {
		return err
	}
	return a.formats(s, c)
}

// formats settles how s is read: as the flag says, else the name, else the
// metadata of an encrypted file, else as binary. It is written as its flag
// says, else as the name does, else as it is read.
func (a *App) formats(s *Source, c Common) error {
	name := s.FilenameOverride
	if name == "" {
		name = s.Path
	}
	for _, word := range []string{s.InputType, s.OutputType} {
		if word != "" && !std.Known(word) {
			return unknownType(word)
		}
	}
	byName, named := std.ForPath(name)
	in := cmp.Or(s.InputType, byName)
	if s.InputType == "" && !named {
		if detected, ok := s.detected(); ok {
			in = detected
		}
	}
	out := s.OutputType
	switch {
	case out == "" && named:
		out = byName
	case out == "":
		out = in
	}
	stores := config.Stores{}
	if s.Config != nil {
		stores = s.Config.Stores
	}
	if c.Indent != nil {
		stores.Indents = config.Indents{YAML: c.Indent, JSON: c.Indent, JSONBinary: c.Indent}
	}
	s.indents = wantedIndentation(out, stores, c.Indent != nil)
	var err error
	if s.In, err = std.Indented(in, std.Indents(stores.Indents)); err != nil {
		return &Error{Kind: Render, Err: err}
	}
	if s.Out, err = std.Indented(out, std.Indents(stores.Indents)); err != nil {
		return &Error{Kind: Render, Err: err}
	}
	return nil
}

// EncryptedType settles how an encrypted file is written. That of a binary file
// is JSON around one value; anything else that is to be binary is JSON around
// its own values.
func (s *Source) EncryptedType(c Common) (err error) {
	if s.Out.Name() != "binary" || s.In.Name() == "binary" {
		return nil
	}
	stores := config.Stores{}
	if s.Config != nil {
		stores = s.Config.Stores
	}
	if s.Out, err = std.Indented("json", std.Indents{JSON: cmp.Or(c.Indent, stores.JSONBinary)}); err != nil {
		return &Error{Kind: Render, Err: err}
	}
	return nil
}

// detected returns the format of an encrypted file by its content. What is to
// be encrypted is no encrypted file, whatever it looks like.
func (s *Source) detected() (format string, ok bool) {
	if s.plain {
		return "", false
	}
	return std.Detect(s.Data)
}

func unknownType(word string) error {
	hint := ""
	if near := suggest.Closest(word, append(std.Names(), "env", "yml")); near != "" {
		hint = "did you mean: " + strings.NewReplacer("env", "dotenv", "dotenv", "dotenv", "yml", "yaml").Replace(near) + "?"
	}
	return Fail(Other, hint, "%q is no file type; the types are %s", word, strings.Join(std.Names(), ", "))
}

// KeepType makes the output type that of the input, unless a flag says
// otherwise: a file that is changed stays what it is, whatever its name says.
func (s *Source) KeepType() {
	if s.OutputType == "" {
		s.Out = s.In
	}
}

// config loads the configuration at path; nil if there is none.
func (a *App) config(path string) (*config.File, error) {
	if path == "" {
		return nil, nil
	}
	a.Verbosef("the configuration is %s", path)
	cfg, err := config.Load(path)
	if err != nil {
		return nil, &configError{err}
	}
	return cfg, nil
}

// ConfigPath returns where the configuration is that holds for f, "" if
// there is none.
func (a *App) ConfigPath(f File, c Common) (string, error) {
	path := c.Config
	if path == "" {
		path = a.Env.Get("SOPS_CONFIG")
	}
	if path != "" {
		return a.Abs(path), nil
	}
	fileDir := "" // standard input is in no directory
	if !f.IsStdin() || f.FilenameOverride != "" {
		fileDir = filepath.Dir(a.RulePath(f))
	}
	if !filepath.IsAbs(fileDir) {
		fileDir = "" // the working directory is gone
	}
	path, warnings, err := config.Find(fileDir, a.Dir)
	for _, w := range warnings {
		a.Warn(w)
	}
	if err == nil && path == "" {
		a.Verbosef("there is no configuration for this file")
	}
	return path, err
}

// A configError is about the configuration, which reading a file can do
// without.
type configError struct{ err error }

func (e *configError) Error() string { return "error loading config: " + e.err.Error() }
func (e *configError) Unwrap() error { return e.err }

// ReadEncrypted reads an encrypted file. A configuration that cannot be read does
// not stop that: it would only say how to write. See KnowsRule.
func (a *App) ReadEncrypted(ctx context.Context, f File, c Common, missing Kind) (*Source, error) {
	s, err := a.Read(ctx, f, c, missing)
	var bad *configError
	if !errors.As(err, &bad) {
		return s, err
	}
	a.Warn(bad.Error())
	s.unknownRule = bad.err
	if err := a.formats(s, c); err != nil {
		return s, err
	}
	return s, s.unmerged()
}
