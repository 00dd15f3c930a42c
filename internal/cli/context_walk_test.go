package cli

import (
	"bytes"
	"crypto/rand"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-1f7fdfb8/sops/devkms"
	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/command"
	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/internal/term"
)

const (
	walkKey   = "arn:aws:kms:us-east-1:111111111111:alias/sops-dev"
	walkOther = "arn:aws:kms:eu-west-1:111111111111:alias/sops-dev"
)

// contextCommands has a way to call each command that takes an encryption
// context, with an AWS key that it must reach. Files: plain.yaml, encrypted.yaml
// (under walkKey, without context), new.yaml (is not there), bare.yaml (under
// walkKey and a context that it does not store). publish fails for want of a
// service to write to: that it uses the context is in the script publish_prompt.
func contextCommands() map[string][]string {
	return map[string][]string{
		"encrypt":      {"encrypt", "--kms", walkKey, "plain.yaml"},
		"edit":         {"edit", "--kms", walkKey, "new.yaml"},
		"rotate":       {"rotate", "--add-kms", walkOther, "--rm-kms", walkKey, "encrypted.yaml"},
		"updatekeys":   {"updatekeys", "-y", "encrypted.yaml"},
		"groups add":   {"groups", "add", "--file", "encrypted.yaml", "--kms", walkOther},
		"kms policy":   {"kms", "policy", "--kms", walkKey},
		"decrypt":      {"decrypt", "bare.yaml"},
		"set":          {"set", "bare.yaml", `["a"]`, "2"},
		"unset":        {"unset", "bare.yaml", `["a"]`},
		"doctor":       {"doctor", "bare.yaml"},
		"exec-env":     {"exec-env", "bare.yaml", "exit 0"},
		"exec-file":    {"exec-file", "bare.yaml", "exit 0"},
		"kms simulate": {"kms", "simulate", "--world", "builtin", "--principal", "arn:aws:iam::111111111111:role/sops-dev", "--key", walkKey},
		"publish":      {"publish", "bare.yaml"},
	}
}

func TestNoContextIsEverDroppedByAnyCommand(t *testing.T) {
	t.Parallel()
	r := &run{app: &app.App{}}
	taking := map[string]bool{}
	r.root().Each(func(name string, c *command.Command) {
		if slices.ContainsFunc(c.Flags, func(f *command.Flag) bool { return f.Name == "encryption-context" }) {
			taking[strings.TrimPrefix(name, "sops ")] = true
		}
	})
	calls := contextCommands()
	for name := range taking {
		if calls[name] == nil {
			t.Errorf("%s takes an encryption context, and this test does not know how to call it", name)
		}
	}
	for name, args := range calls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if !taking[name] {
				t.Fatalf("%s does not take an encryption context", name)
			}
			w := newWalk(t)
			before := w.files(t)
			for _, bad := range []string{"nocolon", "a:1,a:2", `{"a":1}`, `{"a":"b"`, ":", `{"aws:a":"b"}`, "a:" + strings.Repeat("x", 8192)} {
				if code := w.run(t, append(args, "--encryption-context", bad)...); code != 6 {
					t.Errorf("context %.20q: exit %d, want 6", bad, code)
				}
			}
			if n := len(w.server.Calls()); n != 0 {
				t.Errorf("bad contexts led to %d calls", n)
			}
			if diff := cmp.Diff(before, w.files(t)); diff != "" {
				t.Errorf("bad contexts changed files: %s", diff)
			}
			if name == "publish" || name == "kms simulate" {
				return // without a service to write to; makes no call
			}
			if code := w.run(t, append(args, "--encryption-context", "team:red")...); code != 0 {
				t.Fatalf("exit %d", code)
			}
			w.checkCalls(t, args)
		})
	}
}

type walk struct {
	dir    string
	server *devkms.Server
	vars   map[string]string
	out    bytes.Buffer
}

func newWalk(t *testing.T) *walk {
	t.Helper()
	w := &walk{dir: t.TempDir(), server: devkms.Start(t, nil), vars: map[string]string{}}
	environ, err := w.server.Environ(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range append(environ, "PATH="+os.Getenv("PATH"), "HOME="+w.dir) {
		name, value, _ := strings.Cut(v, "=")
		w.vars[name] = value
	}
	w.write(t, "content.txt", "a: 2\n")
	w.vars["EDITOR"] = "cp " + filepath.Join(w.dir, "content.txt")
	w.write(t, "plain.yaml", "a: 1\n")
	w.write(t, "encrypted.yaml", "a: 1\n")
	if code := w.run(t, "encrypt", "-i", "--kms", walkKey, "encrypted.yaml"); code != 0 {
		t.Fatal("encrypted.yaml could not be made")
	}
	w.write(t, "bare.yaml", "a: 1\nb: 2\n")
	if code := w.run(t, "encrypt", "-i", "--kms", walkKey, "--encryption-context", "team:red", "bare.yaml"); code != 0 {
		t.Fatal("bare.yaml could not be made")
	}
	bare := regexp.MustCompile(`(?m)^ +(context:|team:|seal:).*\n`).ReplaceAllString(w.files(t)["bare.yaml"], "")
	w.write(t, "bare.yaml", bare)
	w.write(t, ".sops.yaml", "creation_rules: [{kms: \""+walkKey+"\"}]\n")
	w.server.ResetCalls()
	return w
}

func (w *walk) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (w *walk) run(t *testing.T, args ...string) int {
	t.Helper()
	w.out.Reset()
	var stderr bytes.Buffer
	code := Run(t.Context(), append([]string{"sops"}, args...), &app.App{
		Stdin: strings.NewReader(""), Stdout: &w.out, Stderr: &stderr, Env: env.Map(w.vars),
		Dir: w.dir, Now: time.Now, Random: rand.Reader, HostName: "host",
		Terminal: func() (*term.Terminal, error) { return nil, term.ErrNone },
	})
	t.Logf("sops %.100q: %d\n%s", args, code, stderr.String())
	return code
}

func (w *walk) files(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	entries, err := os.ReadDir(w.dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(w.dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all[e.Name()] = string(text)
	}
	return all
}

// checkCalls looks whether the context reached KMS: with every wrapping of a
// key that had no context before, or every opening of a file that stores none.
func (w *walk) checkCalls(t *testing.T, args []string) {
	t.Helper()
	reached, wrapped, operation := 0, 0, "Encrypt"
	if slices.Contains(args, "bare.yaml") {
		operation = "Decrypt"
	}
	for _, c := range w.server.Calls() {
		if c.Operation != operation {
			continue
		}
		wrapped++
		if maps.Equal(c.EncryptionContext, map[string]string{"team": "red"}) {
			reached++
		}
	}
	switch {
	case args[0] == "kms":
		if !strings.Contains(w.out.String(), `"kms:EncryptionContext:team"`) {
			t.Errorf("the policy has no condition:\n%s", w.out.String())
		}
	case args[0] == "groups": // the old group keeps what it has
		if reached != 1 || wrapped != 2 {
			t.Errorf("the context reached %d of %d keys, want the new one of two", reached, wrapped)
		}
	case reached == 0 || reached != wrapped:
		t.Errorf("the context reached %d of %d keys", reached, wrapped)
	}
}
