package term_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/seed-1f7fdfb8/sops/internal/term"
)

// lookup returns the environment vars.
func lookup(vars map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		v, ok := vars[name]
		return v, ok
	}
}

func TestFilesAndBuffersAreNoTerminals(t *testing.T) {
	t.Parallel()
	f, err := os.Create(filepath.Join(t.TempDir(), "f"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, w := range []io.Writer{f, &bytes.Buffer{}, io.Discard} {
		if term.IsTerminal(w) {
			t.Errorf("%T is taken for a terminal", w)
		}
		if term.Color(w, lookup(nil)) {
			t.Errorf("%T would be coloured", w)
		}
	}
}

// pipes returns a Terminal that reads answers, and what it writes.
func pipes(t *testing.T, answers string) (tty *term.Terminal, written func() string) {
	t.Helper()
	in, typing, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := typing.WriteString(answers); err != nil {
		t.Fatal(err)
	}
	typing.Close()
	tty = term.New(in, out)
	t.Cleanup(func() { _ = tty.Close() })
	return tty, func() string {
		b, err := os.ReadFile(out.Name())
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
}

func TestOnlyYesAndNoAreAnswers(t *testing.T) {
	t.Parallel()
	const ask, again = "Update? [y/n] ", "Please answer y or n.\n"
	tests := []struct {
		typed   string
		want    bool
		err     error
		written string
	}{
		{"y\n", true, nil, ask},
		{"Yes\n", true, nil, ask},
		{" n \n", false, nil, ask},
		{"NO\n", false, nil, ask},
		{"y", true, nil, ask},
		{"\nmaybe\nyes please\ny\n", true, nil, ask + again + ask + again + ask + again + ask},
		{"", false, io.EOF, ask},
		{"what\n", false, io.EOF, ask + again + ask},
	}
	for _, test := range tests {
		tty, written := pipes(t, test.typed)
		got, err := tty.Confirm(t.Context(), "Update?")
		if got != test.want || !errors.Is(err, test.err) {
			t.Errorf("%q: got %v, %v, want %v, %v", test.typed, got, err, test.want, test.err)
		}
		if w := written(); w != test.written {
			t.Errorf("%q: written %q, want %q", test.typed, w, test.written)
		}
	}
}

func TestLinesAreReadOneByOne(t *testing.T) {
	t.Parallel()
	tty, _ := pipes(t, "one\n\nthree \nlast")
	for _, want := range []string{"one", "", "three ", "last"} {
		got, err := tty.ReadLine(t.Context(), "? ")
		if err != nil || got != want {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
	if got, err := tty.ReadLine(t.Context(), "? "); err != io.EOF {
		t.Errorf("after the end: %q, %v, want EOF", got, err)
	}
}
