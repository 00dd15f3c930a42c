package app

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/hint"
)

// A Kind is a sort of failure, for errors.Is. The command line has an exit
// status for each.
type Kind string

func (k Kind) Error() string { return string(k) }

// Kinds of failures.
const (
	Other          Kind = "failure"
	Input          Kind = "the input cannot be read"
	Output         Kind = "the output cannot be written"
	Render         Kind = "the content cannot be written in the output type"
	BadContext     Kind = "the encryption context is malformed or without effect"
	BadChange      Kind = "the path or the value is malformed"
	Conflict       Kind = "options exclude each other"
	NotEncryptable Kind = "the content cannot be encrypted"
	NoKeysToChange Kind = "there is no file whose keys could be changed"
	BadExtract     Kind = "the path to extract is malformed"
	NoDocument     Kind = "the input holds no document"
	NoFile         Kind = "no file, or the file does not exist"
	NotModified    Kind = "nothing was changed"
	NoKey          Kind = "no master key gave out the data key"
	NotRunnable    Kind = "the program cannot be run"
	NoProgram      Kind = "the program does not exist"
)

// An Error is a failure of a command with its kind and advice.
type Error struct {
	Kind   error
	Err    error
	Advice []string
}

func (e *Error) Error() string   { return e.Err.Error() }
func (e *Error) Unwrap() error   { return e.Err }
func (e *Error) Hints() []string { return e.Advice }

// Is reports whether target is the kind of the failure.
func (e *Error) Is(target error) bool { return e.Kind == target }

// Fail returns an Error of a kind, with advice unless that is empty.
func Fail(kind error, advice, format string, args ...any) *Error {
	e := &Error{Kind: kind, Err: fmt.Errorf(format, args...)}
	if advice != "" {
		e.Advice = []string{advice}
	}
	return e
}

// Named adds the name of the file to an error, once.
func (f File) Named(err error) error {
	if err == nil {
		return nil
	}
	if f.IsUnnamed() {
		return &FileError{"", err}
	}
	return &FileError{f.Path, err}
}

// A FileError is an error about the content of a file.
type FileError struct {
	file string // "" is standard input
	err  error
}

func (e *FileError) Error() string {
	return hint.Line(cmp.Or(e.file, "standard input")) + ": " + e.err.Error()
}
func (e *FileError) Unwrap() error { return e.err }
func (e *FileError) File() string  { return e.file }

// OneLine makes one line of a text of a server or a file, without control
// characters, so that it cannot look like a message of this program.
func OneLine(s string) string { return hint.Line(strings.Join(strings.Fields(s), " ")) }
