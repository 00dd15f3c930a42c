package cli_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/cli"
	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/internal/term"
)

// A better says what we do where the real SOPS loses data, writes what it
// cannot read, crashes, or refuses without a word of help. With exit 0 the
// source comes back byte for byte, unless want is what comes back.
type better struct {
	exit   int
	stderr string // what the refusal says: the place, and what to do
	want   string
}

var quirks = map[string]better{
	// SOPS writes a file that it cannot read, or reads back other data.
	"list-comment-with-comment-regex": {},
	"list-empty-comment":              {},
	"ini-inline-comment-eats-value":   {},
	"ini-dash-keys":                   {},
	"ini-block-comment":               {},
	"ini-last-comment":                {},
	"ini-quotes-lost":                 {},
	"yaml-float-shape":                {},
	"yaml-date-shape":                 {},
	"yaml-inline-comment-moves":       {},
	"yaml-null-to-dotenv":             {want: "a=x\nn=\n"},
	// SOPS takes what is cut off or senseless, and data is gone.
	"json-cut-off":                  {exit: 2, stderr: `line \d+, column \d+`},
	"json-trailing-garbage":         {exit: 2, stderr: `line \d+, column \d+.*hint`},
	"yaml-bad-tag-second-doc":       {exit: 2, stderr: `line \d+`},
	"yaml-duplicate-key-second-doc": {exit: 2, stderr: `line \d+.*twice.*first on line \d+.*hint`},
	"yaml-multidoc-to-json":         {exit: 4, stderr: `document`},
	// SOPS refuses as well; we say where, and what to do.
	"yaml-uint64":              {exit: 23, stderr: `line \d+.*hint`},
	"yaml-non-string-key":      {exit: 23, stderr: `line \d+.*hint`},
	"yaml-top-level-list":      {exit: 2, stderr: `line \d+.*hint`},
	"yaml-second-doc-list":     {exit: 2, stderr: `line \d+.*hint`},
	"yaml-sops-key":            {exit: 203, stderr: `line \d+.*hint`},
	"yaml-sops-key-second-doc": {exit: 203, stderr: `line \d+.*hint`},
	"env-sops-prefix":          {exit: 203, stderr: `line \d+.*hint`},
	"ini-sops-section":         {exit: 203, stderr: `line \d+.*hint`},
	"env-no-equals":            {exit: 2, stderr: `line \d+`},
	"yaml-empty-file":          {exit: 92, stderr: `document`},
	"yaml-comment-only":        {},
	"json-empty-file":          {exit: 2, stderr: `.`},
}

func TestEveryQuirkOfSOPSIsSomethingBetterHere(t *testing.T) {
	t.Parallel()
	const fixtures = "../../internal/test/golden"
	text, err := os.ReadFile(filepath.Join(fixtures, "quirks-manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all []struct{ ID, What, Encrypt string }
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	if len(all) != len(quirks) {
		t.Errorf("%d quirks are recorded, %d are stated here", len(all), len(quirks))
	}
	for _, q := range all {
		name := strings.TrimPrefix(q.ID, "quirks/")
		t.Run(name, func(t *testing.T) {
			b, ok := quirks[name]
			if !ok {
				t.Fatal("nothing is stated here about this quirk")
			}
			b.check(t, filepath.Join(fixtures, q.ID), q.Encrypt)
		})
	}
}

// check plays the recorded command in a copy of the quirk's folder.
func (b better) check(t *testing.T, folder, command string) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(folder)); err != nil {
		t.Fatal(err)
	}
	words := strings.Fields(strings.ReplaceAll(command, "$R1", recipient1))
	status, stdout, stderr := runIn(t, dir, words[1:]...)
	if status != b.exit || b.exit != 0 && stdout != "" {
		t.Fatalf("exit %d, want %d; stdout of %d bytes; stderr: %s", status, b.exit, len(stdout), stderr)
	}
	if b.exit != 0 {
		if oneLine := strings.ReplaceAll(stderr, "\n", " "); !regexp.MustCompile(b.stderr).MatchString(oneLine) {
			t.Errorf("stderr %q, want %s", stderr, b.stderr)
		}
		return
	}
	in := words[len(words)-1]
	ext := filepath.Ext(in)
	if strings.Contains(command, "dotenv") {
		ext = ".env"
	}
	if err := os.WriteFile(filepath.Join(dir, "ours"+ext), []byte(stdout), 0o600); err != nil {
		t.Fatal(err)
	}
	if b.want == "" {
		source, err := os.ReadFile(filepath.Join(dir, in))
		if err != nil {
			t.Fatal(err)
		}
		b.want = string(source)
	}
	if status, back, stderr := runIn(t, dir, "decrypt", "ours"+ext); status != 0 || back != b.want {
		t.Errorf("decrypt: exit %d, %q, want %q; %s", status, back, b.want, stderr)
	}
}

// runIn runs the program in a directory with the test key of the fixtures.
func runIn(t *testing.T, dir string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	key, err := filepath.Abs("../../internal/test/golden/keys/age-main.txt")
	if err != nil {
		t.Fatal(err)
	}
	var out, complaints bytes.Buffer
	status = cli.Run(t.Context(), append([]string{"sops"}, args...), &app.App{
		Stdin: strings.NewReader(""), Stdout: &out, Stderr: &complaints,
		Env: env.Map(map[string]string{"SOPS_AGE_KEY_FILE": key, "HOME": dir}),
		Dir: dir, Now: time.Now, Random: rand.Reader, HostName: "test",
		Terminal: func() (*term.Terminal, error) { return nil, term.ErrNone },
	})
	return status, out.String(), complaints.String()
}
