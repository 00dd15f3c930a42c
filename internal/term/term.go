// Package term talks to a person at the terminal. Questions go to the terminal
// itself, never to standard output or input, which carry data:
//
//	t, err := term.Open()
//	yes, err := t.Confirm(ctx, "Update the file?")
//	pin, err := t.ReadSecret(ctx, "PIN: ")
//
// Everything that waits ends with its context, and leaves the terminal as it
// was.
package term

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"golang.org/x/term"
)

// ErrNone is in the chain of Open's error where there is no terminal.
var ErrNone = errors.New("there is no terminal to ask on")

// maxLine is more than any terminal passes on as one line.
const maxLine = 64 << 10

// A Terminal reads answers from one file and writes questions to another.
type Terminal struct{ in, out *os.File }

// Open opens the terminal that controls the process, wherever the standard
// streams lead.
func Open() (*Terminal, error) {
	in, out, err := open()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNone, err)
	}
	return &Terminal{in: in, out: out}, nil
}

// Close closes the files.
func (t *Terminal) Close() error {
	if t.in == t.out {
		return t.in.Close()
	}
	return errors.Join(t.in.Close(), t.out.Close())
}

// IsTerminal reports whether stream, a file, is a terminal.
func IsTerminal(stream any) bool {
	f, ok := stream.(interface{ Fd() uintptr })
	return ok && term.IsTerminal(int(f.Fd()))
}

// Color reports whether text on w may be coloured: w itself is a terminal that
// understands it, and the user does not object. lookup reads the environment.
func Color(w io.Writer, lookup func(string) (string, bool)) bool {
	if objection, _ := lookup("NO_COLOR"); objection != "" {
		return false
	}
	if kind, _ := lookup("TERM"); kind == "dumb" {
		return false
	}
	return IsTerminal(w) && understandsColor(w)
}

// ReadLine prints the prompt and returns the answer without its end of line.
// An answer that ends without one is returned too; the end of input alone is
// io.EOF.
func (t *Terminal) ReadLine(ctx context.Context, prompt string) (string, error) {
	if _, err := io.WriteString(t.out, prompt); err != nil {
		return "", err
	}
	line, err := t.line(ctx)
	return string(line), err
}

// ReadSecret is ReadLine for what must not be seen: nothing is echoed. While it
// waits, it also ends on interrupt, hang-up and termination signals, since to
// die with the echo off would leave the terminal dumb.
func (t *Terminal) ReadSecret(ctx context.Context, prompt string) ([]byte, error) {
	return t.secret(ctx, prompt)
}

// Confirm asks until the answer is y, yes, n or no. The end of input is an
// error: silence is no consent.
func (t *Terminal) Confirm(ctx context.Context, question string) (bool, error) {
	for {
		answer, err := t.ReadLine(ctx, question+" [y/n] ")
		if err != nil {
			return false, fmt.Errorf("no answer to %q: %w", question, err)
		}
		switch strings.ToLower(strings.TrimSpace(answer)) {
		case "y", "yes":
			return true, nil
		case "n", "no":
			return false, nil
		}
		if _, err := io.WriteString(t.out, "Please answer y or n.\n"); err != nil {
			return false, err
		}
	}
}

// line reads up to the end of a line. It takes no byte more: what follows is
// for the next question, or for the next program.
func (t *Terminal) line(ctx context.Context) ([]byte, error) {
	line := make([]byte, 0, 4096)
	one := make([]byte, 1)
	for len(line) < maxLine {
		if err := t.wait(ctx); err != nil {
			return nil, err
		}
		n, err := t.in.Read(one)
		switch {
		case n == 1 && one[0] == '\n':
			return withoutReturn(line), nil
		case n == 1:
			line = append(line, one[0])
		case errors.Is(err, io.EOF) && len(line) > 0:
			return withoutReturn(line), nil
		case err != nil:
			return nil, err
		}
	}
	return nil, errors.New("the answer is too long")
}

// withoutReturn drops the first half of the end of a line of Windows.
func withoutReturn(line []byte) []byte {
	if runtime.GOOS == "windows" {
		return bytes.TrimSuffix(line, []byte("\r"))
	}
	return line
}
