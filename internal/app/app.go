// Package app is the world that commands work in, and the one way in which they
// read and change a file: its formats and its configuration are settled, its keys
// found, and what changes goes through Update, under the lock of the file.
package app

import (
	"fmt"
	"io"
	"path/filepath"
	"sync"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/audit"
	"github.com/seed-1f7fdfb8/sops/internal/config"
	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/internal/outcome"
	"github.com/seed-1f7fdfb8/sops/internal/term"
)

// An App is the world that commands work in.
type App struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Env            env.Env
	Dir            string // the working directory
	Now            func() time.Time
	Random         io.Reader
	HostName       string
	// Terminal opens the terminal of the person, for questions. It fails where
	// there is none.
	Terminal func() (*term.Terminal, error)
	Verbose  bool
	JSON     bool         // warnings and errors are for programs
	DryRun   bool         // nothing is written; Outcome says what would have been
	Audit    *audit.Trail // where the use of files is recorded; nil if nowhere
	// ShowError shows an error that does not end the command.
	ShowError func(error)

	mu     sync.Mutex // keepers speak from goroutines of their own
	warned map[string]bool

	whole   *App // the world of the run, if this is that of one of its files
	outcome outcome.File
	making  sync.Mutex
	made    []madeKeepers
	configs map[string]func() (*config.File, error)
}

// Warn prints one warning for people; the same one only once.
func (a *App) Warn(msg string) {
	if !a.run().first(msg) {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.say("warning", msg)
}

// first reports whether msg is heard for the first time in this run.
func (a *App) first(msg string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.warned[msg] {
		return false
	}
	if a.warned == nil {
		a.warned = map[string]bool{}
	}
	a.warned[msg] = true
	return true
}

// Verbosef says what is done, to those who asked for it.
func (a *App) Verbosef(format string, args ...any) {
	if !a.Verbose {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.say("info", fmt.Sprintf(format, args...))
}

// say prints one note on standard error, for people or for programs.
func (a *App) say(kind, msg string) {
	if a.JSON {
		_ = hint.EncodeJSON(a.Stderr, map[string]string{kind: msg}, "") // there is nowhere else to say it
		return
	}
	fmt.Fprintf(a.Stderr, "sops: %s: %s\n", kind, hint.Message(msg))
}

// Notef says on standard error what became of a file.
func (a *App) Notef(format string, args ...any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.JSON {
		a.say("info", fmt.Sprintf(format, args...))
		return
	}
	fmt.Fprintf(a.Stderr, "sops: %s\n", hint.Message(fmt.Sprintf(format, args...)))
}

// Warnf is Warn with a format.
func (a *App) Warnf(format string, args ...any) { a.Warn(fmt.Sprintf(format, args...)) }

// Abs returns path as seen from the working directory.
func (a *App) Abs(path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(a.Dir, path)
}

// A File names a file and says how to read it.
type File struct {
	Path             string // "" and "-" are standard input
	InputType        string
	OutputType       string
	FilenameOverride string // counts instead of Path for rules and types
}

// Common are the options that every command shares.
type Common struct {
	Config string // a configuration to use instead of looking for one
	Indent *int   // render the output anew with this indentation
}

// A Target says where a result goes; the zero Target is standard output.
type Target struct {
	InPlace bool
	Output  string
}

// Check refuses a target that f cannot have.
func (t Target) Check(f File) error {
	switch {
	case t.InPlace && t.Output != "":
		return Fail(Conflict, "leave one of them out", "--in-place and --output exclude each other")
	case t.InPlace && f.IsStdin():
		return Fail(Conflict, "give a file, or leave --in-place out", "standard input cannot be changed in place")
	}
	return nil
}

// IsStdin reports whether the file is standard input, by any of its names.
func (f File) IsStdin() bool { return f.IsUnnamed() || f.Path == "/dev/stdin" }

// IsUnnamed reports whether the file is standard input without a name of its
// own.
func (f File) IsUnnamed() bool { return f.Path == "" || f.Path == "-" }
