package hint_test

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-1f7fdfb8/sops/internal/hint"
)

// advice is an error with one hint.
type advice struct{ text, hint string }

func (a advice) Error() string   { return a.text }
func (a advice) Hints() []string { return []string{a.hint} }

// status is an error that the options below have an exit status for.
type status int

func (s status) Error() string { return fmt.Sprintf("status %d", int(s)) }

func exit(err error) int {
	var s status
	switch {
	case errors.As(err, &s):
		return int(s)
	case errors.As(err, new(tree)):
		return 128
	}
	return 1
}

// place is an error at a place.
type place struct{ line, column int }

func (p place) Error() string        { return fmt.Sprintf("line %d: bad", p.line) }
func (p place) Position() (int, int) { return p.line, p.column }

// inFile gives an error the name of its file.
type inFile struct{ err error }

func (f inFile) Error() string { return "prod.yaml: " + f.err.Error() }
func (f inFile) Unwrap() error { return f.err }
func (f inFile) File() string  { return "prod.yaml" }

// word is an error that programs know by a word of its own.
type word string

func (w word) Error() string { return "slow down" }
func (w word) Code() string  { return string(w) }

// tree is an error with a report.
type tree struct{}

const report = `Failed to get the data key required to decrypt.

Group 0: FAILED
  age1xyz: FAILED
    - | no identity matched

Group 1: SUCCESS
`

func (tree) Error() string     { return "no master key could open the file" }
func (tree) UserError() string { return report }
func (tree) Hints() []string   { return []string{"set SOPS_AGE_KEY_FILE"} }

func TestErrorsAreShownWithTheirHints(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		err  error
		o    hint.Options
		want string
	}{
		{"nothing", nil, hint.Options{}, ""},
		{"a plain error", errors.New("boom"), hint.Options{}, "sops: error: boom\n"},
		{"another program", errors.New("boom"), hint.Options{Prog: "devkms"}, "devkms: error: boom\n"},
		{"a wrapped hint", fmt.Errorf("a.yaml: %w", advice{"bad", "be good"}), hint.Options{}, "sops: error: a.yaml: bad\nsops: hint: be good\n"},
		{
			"joined errors share hints",
			errors.Join(advice{"one", "h1"}, errors.Join(advice{"two", "h2"}, advice{"three", "h1"})),
			hint.Options{},
			"sops: error: one\nsops: error: two\nsops: error: three\nsops: hint: h1\nsops: hint: h2\n",
		},
		{
			"an error that talks about two stays whole",
			fmt.Errorf("%w; and then %w", advice{"one", "h1"}, advice{"two", ""}),
			hint.Options{},
			"sops: error: one; and then two\nsops: hint: h1\n",
		},
		{
			"a report comes first and as it is",
			fmt.Errorf("a.yaml: %w", tree{}),
			hint.Options{},
			report + "\nsops: error: a.yaml: no master key could open the file\nsops: hint: set SOPS_AGE_KEY_FILE\n",
		},
		{
			"texts do not command the terminal",
			advice{"\x1b[2Jcleared\r\u009b", "a\tb\n\x07"},
			hint.Options{},
			"sops: error: \\x1b[2Jcleared\\x0d\\x9b\nsops: hint: a\tb\n\\x07\n",
		},
		{
			"colours",
			advice{"boom", "be good"},
			hint.Options{Color: true},
			"sops: \x1b[31merror:\x1b[0m boom\nsops: \x1b[36mhint:\x1b[0m be good\n",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var b strings.Builder
			if err := hint.Print(&b, test.err, test.o); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, b.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestVerdictsOfReportsAreColoured(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	if err := hint.Print(&b, tree{}, hint.Options{Color: true}); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(b.String(), "Failed to get the data key") {
		t.Errorf("the first line is changed: %q", b.String())
	}
	for _, want := range []string{"\nGroup 0: \x1b[31mFAILED\x1b[0m\n", "  age1xyz: \x1b[31mFAILED\x1b[0m\n", "\nGroup 1: \x1b[32mSUCCESS\x1b[0m\n"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is not in %q", want, b.String())
		}
	}
}

func TestJSONHasAStableLayout(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		err  error
		want string
	}{
		"plain": {errors.New("a <b> & \"c\""), `{"error":"a <b> & \"c\"","code":"ErrorGeneric","exit":1,"hints":[]}` + "\n"},
		"place": {
			inFile{place{3, 7}},
			`{"error":"prod.yaml: line 3: bad","code":"ErrorGeneric","exit":1,"hints":[],"position":{"file":"prod.yaml","line":3,"column":7}}` + "\n",
		},
		"word": {
			fmt.Errorf("a: %w", word("Throttled")), `{"error":"a: slow down","code":"Throttled","exit":1,"hints":[]}` + "\n",
		},
		"path": {
			&fs.PathError{Op: "open", Path: "a", Err: fs.ErrNotExist},
			`{"error":"open a: file does not exist","code":"ErrorGeneric","exit":1,"hints":[],"position":{"file":"a"}}` + "\n",
		},
		"report": {
			inFile{tree{}},
			`{"error":"prod.yaml: no master key could open the file","code":"CouldNotRetrieveKey","exit":128,"hints":["set SOPS_AGE_KEY_FILE"],` +
				`"position":{"file":"prod.yaml"},"detail":` + quoted(strings.TrimSpace(report)) + "}\n",
		},
		"joined": {
			errors.Join(status(51), status(77)),
			`{"error":"status 51","code":"MacMismatch","exit":51,"hints":[]}` + "\n" +
				`{"error":"status 77","code":"Exit77","exit":77,"hints":[]}` + "\n",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var b strings.Builder
			if err := hint.Print(&b, test.err, hint.Options{JSON: true, Exit: exit}); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, b.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func quoted(s string) string { return `"` + strings.ReplaceAll(s, "\n", `\n`) + `"` }

// A named error is about a file and knows what to do with it.
type named struct{ file, advise string }

func (n named) Error() string   { return "bad" }
func (n named) File() string    { return n.file }
func (n named) Hints() []string { return []string{n.advise} }

func TestHintsNameTheFileThatTheErrorIsAbout(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ file, advise, want string }{
		{"f.yaml", "sops edit FILE", "sops edit f.yaml"},
		{"my file's.yaml", "sops edit FILE", `sops edit 'my file'\''s.yaml'`},
		{"-f.yaml", "git log -p -- FILE", "git log -p -- ./-f.yaml"},
		{"a$1.yaml", "sops edit FILE", "sops edit 'a$1.yaml'"},
		{"", "sops edit FILE", "sops edit FILE"},
		{"f.yaml", "set SOPS_AGE_KEY_FILE", "set SOPS_AGE_KEY_FILE"},
	} {
		if got := hint.Hints(named{c.file, c.advise}); len(got) != 1 || got[0] != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}
