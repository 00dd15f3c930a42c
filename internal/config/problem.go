package config

import (
	"errors"
	"fmt"
	"slices"
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

func (p place) problem(hint, format string, args ...any) Problem {
	return Problem{p.line, p.column, fmt.Sprintf(format, args...), hint}
}

// in returns the problem as an error about a file.
func (p Problem) in(file string) *Error {
	return &Error{Path: file, Line: p.Line, Column: p.Column, Msg: p.Msg, Hint: p.Hint}
}

// inOrder sorts by place and drops repetitions, which aliases cause.
func inOrder(problems []Problem) []Problem {
	slices.SortStableFunc(problems, func(a, b Problem) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	return slices.Compact(problems)
}
