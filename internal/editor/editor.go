// Package editor lets a person edit a secret text in an editor of their own.
//
//	argv, err := editor.Choose(env.Get, exec.LookPath)
//	s, err := editor.NewSession("prod.yaml", plain, places)
//	defer s.Close()
//	err = s.Run(ctx, argv, os.Stdin, os.Stdout, os.Stderr)
//	edited, err := s.Read()
//
// The text is in a private directory, on a memory file system where there
// is one, so that no disk ever holds it. Close removes the directory with all
// that the editor left there; CleanStale removes those of processes that died
// before they could. NewFile makes such a directory for any other program.
package editor

import (
	"errors"
	"fmt"
	"runtime"
	"strings"

	"github.com/google/shlex"
)

// A ChoiceError says why there is no editor to run.
type ChoiceError struct {
	Variable string // that names the editor, "" if none does
	Err      error
}

func (e *ChoiceError) Error() string {
	if e.Variable == "" {
		return "no editor found: " + e.Err.Error()
	}
	return e.Variable + ": " + e.Err.Error()
}

// Unwrap returns the reason.
func (e *ChoiceError) Unwrap() error { return e.Err }

// Hints says how to choose an editor.
func (e *ChoiceError) Hints() []string {
	name := e.Variable
	if name == "" {
		name = "SOPS_EDITOR"
	}
	return []string{"set " + name + " to the command of an editor that waits until you are done, for example " + name + "=nano or " + name + "='code --wait'"}
}

// Choose returns the command of the editor: that of SOPS_EDITOR or EDITOR,
// where blank is unset, or else the first of vim, nano and vi that is installed.
// A variable is split as a shell does, without expanding anything.
//
// An editor that is known is made to keep copies of the text nowhere else, and
// to wait: see discreet.
func Choose(getenv func(string) string, lookPath func(string) (string, error)) ([]string, error) {
	for _, name := range []string{"SOPS_EDITOR", "EDITOR"} {
		value := getenv(name)
		if strings.TrimSpace(value) == "" {
			continue
		}
		argv, err := split(value)
		if err != nil {
			return nil, &ChoiceError{Variable: name, Err: err}
		}
		program, err := lookPath(argv[0])
		if err != nil {
			return nil, &ChoiceError{Variable: name, Err: err}
		}
		return discreet(argv, program), nil
	}
	for _, name := range []string{"vim", "nano", "vi"} {
		if program, err := lookPath(name); err == nil {
			return discreet([]string{name}, program), nil
		}
	}
	return nil, &ChoiceError{Err: errors.New("neither SOPS_EDITOR nor EDITOR is set, and neither vim nor nano nor vi is installed")}
}

// split divides a command line into words.
func split(line string) ([]string, error) {
	if runtime.GOOS == "windows" { // where a backslash is part of a path
		line = strings.ReplaceAll(line, `\`, `\\`)
	}
	argv, err := shlex.Split(line)
	if err != nil {
		return nil, fmt.Errorf("%q is not a command line: %w", line, err)
	}
	if len(argv) == 0 || argv[0] == "" {
		return nil, fmt.Errorf("%q names no program", line)
	}
	return argv, nil
}
