package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/seed-1f7fdfb8/sops/internal/yamlread"
)

// ErrNoRules is in the chain of the error for a configuration without
// creation_rules (or destination_rules), which counts as no configuration.
var ErrNoRules = errors.New("has no rules")

// ErrNoRule is in the chain of the error for a path that no rule matches.
var ErrNoRule = errors.New("no rule matches")

// An Error is what keeps a configuration, or one of its rules, from being
// used. Lines and columns count from 1, columns in characters; 0 means unknown.
type Error struct {
	Path         string // of the configuration
	Line, Column int
	Msg          string
	Hint         string // what to do about it, or ""
	Err          error  // the cause, or nil
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return e.Path + ": " + e.Msg
	}
	return fmt.Sprintf("%s: line %d: %s", e.Path, e.Line, e.Msg)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// File returns the path of the configuration.
func (e *Error) File() string { return e.Path }

// Position returns line and column.
func (e *Error) Position() (line, column int) { return e.Line, e.Column }

// Hints returns the hint, if there is one.
func (e *Error) Hints() []string {
	if e.Hint == "" {
		return nil
	}
	return []string{e.Hint}
}

func (e *Error) problem() Problem {
	return Problem{Line: e.Line, Column: e.Column, Msg: e.Msg, Hint: e.Hint}
}

// A Problem is something doubtful at a place of the configuration.
type Problem struct {
	Line, Column int
	Msg          string
	Hint         string // what to do about it, or ""
}

// String returns the problem and what to do about it, on one line.
func (p Problem) String() string {
	s := p.Msg
	if p.Line > 0 {
		s = fmt.Sprintf("line %d: %s", p.Line, p.Msg)
	}
	if p.Hint != "" {
		s += " (" + p.Hint + ")"
	}
	return s
}

func (p Problem) at() yamlread.Place { return yamlread.Place{Line: p.Line, Column: p.Column} }

func problemAt(p yamlread.Place, hint, format string, args ...any) Problem {
	return Problem{p.Line, p.Column, fmt.Sprintf(format, args...), hint}
}

// refusal returns a mistake in the configuration at path as its error.
func refusal(path string, p yamlread.Problem) *Error {
	return &Error{Path: path, Line: p.At.Line, Column: p.At.Column, Msg: p.Msg, Hint: p.Hint}
}

// inOrder sorts by place and drops repetitions, which aliases cause.
func inOrder[T comparable](problems []T, at func(T) yamlread.Place) []T {
	slices.SortStableFunc(problems, func(a, b T) int {
		p, q := at(a), at(b)
		return cmp.Or(cmp.Compare(p.Line, q.Line), cmp.Compare(p.Column, q.Column))
	})
	return slices.Compact(problems)
}
