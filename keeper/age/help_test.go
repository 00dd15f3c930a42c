package age

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/plugin"

	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// TestMain lets the test binary be a plugin and a command too.
func TestMain(m *testing.M) {
	if strings.HasPrefix(filepath.Base(os.Args[0]), "age-plugin-fake") {
		os.Exit(fakePlugin())
	}
	if len(os.Args) == 3 && os.Args[1] == "print-identity" {
		// The directory of the identities is the argument, their name comes
		// with the recipient: the command gets to know which key is wanted.
		text, err := os.ReadFile(filepath.Join(os.Args[2], os.Getenv(varRecipient)))
		if err != nil {
			fmt.Fprintln(os.Stderr, "no key of", os.Getenv(varRecipient))
			os.Exit(1)
		}
		_, _ = os.Stdout.Write(text)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// fakePlugin is an honest plugin: its recipients and identities are native ones
// in the coat of the plugin. An identity "pin:..." asks for the PIN 1234 first,
// "touch:..." for a confirmation.
func fakePlugin() int {
	p, err := plugin.New("fake")
	if err != nil {
		return 1
	}
	p.RegisterFlags(flag.CommandLine)
	p.HandleRecipient(func(data []byte) (age.Recipient, error) { return age.ParseX25519Recipient(string(data)) })
	p.HandleIdentity(func(data []byte) (age.Identity, error) {
		how, secret, _ := strings.Cut(string(data), ":")
		id, err := age.ParseX25519Identity(secret)
		return &fakeToken{p, how, id}, err
	})
	flag.Parse()
	return p.Main()
}

type fakeToken struct {
	plugin *plugin.Plugin
	how    string
	age.Identity
}

func (f *fakeToken) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	switch f.how {
	case "pin":
		if pin, err := f.plugin.RequestValue("PIN", true); err != nil || pin != "1234" {
			return nil, errors.New("wrong PIN")
		}
	case "touch":
		if err := f.plugin.DisplayMessage("please touch your token"); err != nil {
			return nil, err
		}
		if yes, err := f.plugin.Confirm("done?", "yes", "no"); err != nil || !yes {
			return nil, errors.New("not touched")
		}
	}
	return f.Identity.Unwrap(stanzas)
}

// vector is a wrapped key of the reference program.
type vector struct {
	File, Recipient, Identity, Part, Enc string
}

func vectors(t *testing.T) []vector {
	t.Helper()
	src, err := os.ReadFile("testdata/wrapped.json")
	if err != nil {
		t.Fatal(err)
	}
	var vs []vector
	if err := json.Unmarshal(src, &vs); err != nil {
		t.Fatal(err)
	}
	return vs
}

// wrappedFor returns a wrapped key of the reference for a key of testdata.
func wrappedFor(t *testing.T, identity string) keeper.WrappedKey {
	t.Helper()
	for _, v := range vectors(t) {
		if v.Identity == identity {
			return keeper.WrappedKey{MasterKey: keeper.Undescribed(keeper.Age, "recipient", v.Recipient), Enc: v.Enc}
		}
	}
	t.Fatalf("no vector for %s", identity)
	return keeper.WrappedKey{}
}

func testKey(t *testing.T, name string) []byte {
	t.Helper()
	src, err := os.ReadFile(filepath.Join("testdata", "keys", name))
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// write writes a file with a mode into a new directory, or at path in dir.
func write(t *testing.T, dir, path string, text []byte) string {
	t.Helper()
	file := filepath.Join(dir, path)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// locked encrypts text with a passphrase.
func locked(t *testing.T, text []byte, passphrase string) []byte {
	t.Helper()
	r, err := age.NewScryptRecipient(passphrase)
	if err != nil {
		t.Fatal(err)
	}
	r.SetWorkFactor(4)
	var out bytes.Buffer
	w, err := age.Encrypt(&out, r)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// world is what surrounds a keeper: a home directory, variables and a person.
type world struct {
	home    string
	vars    map[string]string
	prompts []string
	answers []string // what the person types, in turn
	ran     []string // commands
	prints  []byte   // what commands print
	shown   []string
	warned  []string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	home := t.TempDir()
	return &world{home: home, vars: map[string]string{"HOME": home}}
}

func (w *world) options() Options {
	return Options{
		Env:        env.Map(w.vars),
		Passphrase: func(prompt string) ([]byte, error) { s, err := w.answer(prompt); return []byte(s), err },
		Ask:        w.answer,
		Tell:       func(m string) { w.shown = append(w.shown, m) },
		Warn:       func(m string) { w.warned = append(w.warned, m) },
		Run: func(_ context.Context, argv, vars []string) ([]byte, error) {
			w.ran = append(w.ran, strings.Join(append(argv, vars...), " "))
			if w.prints == nil {
				return nil, errors.New("exit status 1")
			}
			return w.prints, nil
		},
	}
}

func (w *world) keeper() *Keeper { return New(w.options()) }

func (w *world) answer(prompt string) (string, error) {
	w.prompts = append(w.prompts, prompt)
	if len(w.answers) == 0 {
		return "", errors.New("the person has left")
	}
	a := w.answers[0]
	w.answers = w.answers[1:]
	return a, nil
}
