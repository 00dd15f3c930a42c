package decrypt

import (
	"errors"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/internal/unlock"
)

// An Error says why a file was not decrypted. It shows no value and no key.
type Error struct {
	File string // "" where data were given, or where the cause names it
	err  error
}

// Error returns the file, what went wrong with it or with each of its keys, and
// what helps.
func (e *Error) Error() string {
	text := e.err.Error()
	var locked *unlock.Error
	if errors.As(e.err, &locked) {
		for _, g := range locked.Groups {
			for _, k := range g.Keys {
				text += "; " + k.Identity + ": " + k.Err.Error()
			}
		}
	}
	if e.File != "" {
		text = e.File + ": " + text
	}
	if hints := e.Hints(); len(hints) > 0 {
		text += " (" + strings.Join(hints, "; ") + ")"
	}
	return hint.Clean(text)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.err }

// Hints returns what to do about it: commands, variables and files.
func (e *Error) Hints() []string { return hint.Hints(e.err) }

// UserError returns what happened with each key, in several lines for people, or
// the error itself.
func (e *Error) UserError() string {
	if report := hint.Report(e.err); report != "" {
		return hint.Clean(report)
	}
	return e.Error()
}
