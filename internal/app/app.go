// Package app is what the commands do to files: read, open, change, seal,
// write back. The command line above it only collects options.
package app

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
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
	JSON     bool // warnings and errors are for programs
	// ShowError shows an error that does not end the command.
	ShowError func(error)

	mu     sync.Mutex // keepers speak from goroutines of their own
	warned map[string]bool
}

// Warn prints one warning for people; the same one only once.
func (a *App) Warn(msg string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.warned[msg] {
		return
	}
	if a.warned == nil {
		a.warned = map[string]bool{}
	}
	a.warned[msg] = true
	a.say("warning", msg)
}

// verbosef says what is done, to those who asked for it.
func (a *App) verbosef(format string, args ...any) {
	if !a.Verbose {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.say("info", fmt.Sprintf(format, args...))
}

// Exists reports whether there is a file of that name, also a link that leads
// nowhere.
func (a *App) Exists(name string) bool {
	_, err := os.Lstat(a.abs(name))
	return err == nil
}

// say prints one note on standard error, for people or for programs.
func (a *App) say(kind, msg string) {
	if a.JSON {
		_ = hint.EncodeJSON(a.Stderr, map[string]string{kind: msg}, "") // there is nowhere else to say it
		return
	}
	fmt.Fprintf(a.Stderr, "sops: %s: %s\n", kind, hint.Message(msg))
}

// notef says on standard error what became of a file.
func (a *App) notef(format string, args ...any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.JSON {
		a.say("info", fmt.Sprintf(format, args...))
		return
	}
	fmt.Fprintf(a.Stderr, "sops: %s\n", hint.Message(fmt.Sprintf(format, args...)))
}

func (a *App) warnf(format string, args ...any) { a.Warn(fmt.Sprintf(format, args...)) }

// abs returns path as seen from the working directory.
func (a *App) abs(path string) string {
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

func (t Target) check(f File) error {
	switch {
	case t.InPlace && t.Output != "":
		return fail(Conflict, "leave one of them out", "--in-place and --output exclude each other")
	case t.InPlace && f.isStdin():
		return fail(Conflict, "give a file, or leave --in-place out", "standard input cannot be changed in place")
	}
	return nil
}

// isStdin reports whether the file is standard input, by any of its names.
func (f File) isStdin() bool { return f.isUnnamed() || f.Path == "/dev/stdin" }

// isUnnamed reports whether the file is standard input without a name of its
// own.
func (f File) isUnnamed() bool { return f.Path == "" || f.Path == "-" }
