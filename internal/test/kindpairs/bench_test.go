// Package kindpairs_test takes files with keys of several kinds through all
// commands that change keys.
package kindpairs_test

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/cli"
	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/internal/term"
	"github.com/seed-1f7fdfb8/sops/internal/test/allkinds"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/kinds"
	"github.com/seed-1f7fdfb8/sops/std"
)

// stage is that of all tests: to make one takes many RSA keys, and vaults of
// Azure are reached through the transport of the process.
var stage *allkinds.Stage

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "kindpairs")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	if stage, err = allkinds.New(dir); err != nil {
		panic(err)
	}
	defer stage.Close()
	transport, err := stage.Transport()
	if err != nil {
		panic(err)
	}
	http.DefaultTransport = transport
	return m.Run()
}

// A bench is a directory in which our program runs, in this process.
type bench struct {
	*testing.T
	dir  string
	vars []string // those of this bench alone
}

func newBench(t *testing.T) *bench { return &bench{T: t, dir: t.TempDir()} }

// An outcome is what came of a run.
type outcome struct {
	status         int
	stdout, stderr string
	took           time.Duration
}

// sops runs the program, with keys of all kinds but some.
func (b *bench) sops(but []string, args ...string) outcome {
	b.Helper()
	vars := map[string]string{}
	for _, v := range append(stage.Environ(but...), b.vars...) {
		name, value, _ := strings.Cut(v, "=")
		vars[name] = value
	}
	var out, errs bytes.Buffer
	start := time.Now()
	status := cli.Run(b.Context(), append([]string{"sops"}, args...), &app.App{
		Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs,
		Env: env.Map(vars), Dir: b.dir, Now: time.Now, Random: rand.Reader, HostName: "bench",
		Terminal: func() (*term.Terminal, error) { return nil, term.ErrNone },
	})
	return outcome{status, out.String(), errs.String(), time.Since(start)}
}

// must is sops that has to succeed.
func (b *bench) must(but []string, args ...string) outcome {
	b.Helper()
	o := b.sops(but, args...)
	if o.status != 0 {
		b.Fatalf("without %v, %v: exit %d\n%s", but, args, o.status, o.stderr)
	}
	return o
}

// refused is sops that has to fail with a message that has these words, and to
// leave the file alone.
func (b *bench) refused(but []string, name string, words []string, args ...string) {
	b.Helper()
	before := b.read(name)
	o := b.sops(but, args...)
	if o.status == 0 || strings.Contains(o.stdout, "secret") {
		b.Errorf("without %v, %v: exit %d, %q", but, args, o.status, o.stdout)
	}
	for _, w := range words {
		if !strings.Contains(o.stderr, w) {
			b.Errorf("without %v, %v: %q is not in\n%s", but, args, w, o.stderr)
		}
	}
	if b.read(name) != before {
		b.Errorf("without %v, %v: it failed and changed the file", but, args)
	}
}

// reads holds that the file decrypts to text, with keys of all kinds but some.
func (b *bench) reads(but []string, name, text string) {
	b.Helper()
	if o := b.must(but, "decrypt", name); o.stdout != text || o.stderr != "" {
		b.Errorf("without %v, decrypt: %q, %s", but, o.stdout, o.stderr)
	}
}

func (b *bench) write(name, text string) {
	b.Helper()
	if err := os.WriteFile(filepath.Join(b.dir, name), []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
}

func (b *bench) read(name string) string {
	b.Helper()
	src, err := os.ReadFile(filepath.Join(b.dir, name))
	if err != nil {
		b.Fatal(err)
	}
	return string(src)
}

// encrypted parses an encrypted file.
func (b *bench) encrypted(name string) *envelope.Encrypted {
	b.Helper()
	f, _ := std.FormatForPath(name)
	s, err := envelope.Parse([]byte(b.read(name)), f)
	if err != nil {
		b.Fatal(err)
	}
	return s
}

// wrapped returns the entries of a file by kind: what they wrap, in one text.
func (b *bench) wrapped(name string) map[string]string {
	b.Helper()
	all := map[string]string{}
	for _, g := range b.encrypted(name).Meta.Keys() {
		for _, w := range g {
			all[w.Kind] += w.Enc + "\n"
		}
	}
	return all
}

// A file is a name of each type with a text and another one.
type file struct{ name, text, path, other string }

func files() []file {
	return []file{
		{"f.yaml", "a: secret\n", `["a"]`, "a: other\n"},
		{"f.json", "{\n\t\"a\": \"secret\"\n}\n", `["a"]`, "{\n\t\"a\": \"other\"\n}\n"},
		{"f.env", "a=secret\n", `["a"]`, "a=other\n"},
		{"f.ini", "[s]\na = secret\n", `["s"]["a"]`, "[s]\na = other\n"},
		{"f.bin", "secret\n", `["data"]`, "other"},
	}
}

// config writes a creation rule for groups of keys: in commas, as lists, or as
// key groups. The first two have one group.
func (b *bench) config(form int, threshold int, groups ...[]keeper.MasterKey) {
	b.Helper()
	var y strings.Builder
	fmt.Fprintf(&y, "creation_rules:\n  - shamir_threshold: %d\n", threshold)
	if form == groupsForm {
		y.WriteString("    key_groups:\n")
	}
	for _, g := range groups {
		indent := "    "
		if form == groupsForm {
			y.WriteString("      - merge: []\n")
			indent = "        "
		}
		for _, k := range kinds.All() {
			if items := elements(k, g, form); len(items) > 0 {
				name := k.RuleName()
				if form == groupsForm {
					name = k.GroupName()
				}
				if form == commas {
					fmt.Fprintf(&y, "%s%s: %q\n", indent, name, strings.Join(items, ","))
					continue
				}
				fmt.Fprintf(&y, "%s%s:\n", indent, name)
				for _, item := range items {
					fmt.Fprintf(&y, "%s  - %s\n", indent, item)
				}
			}
		}
	}
	b.write(".sops.yaml", y.String())
}

// Forms of rules.
const (
	commas = iota
	lists
	groupsForm
	forms
)

// elements are the keys of a kind in a rule of some form.
func elements(k *keeper.Kind, g []keeper.MasterKey, form int) []string {
	var items []string
	for _, m := range g {
		if m.Kind != k.Name {
			continue
		}
		item := strings.TrimSuffix(m.Identity(), "/")
		if form == groupsForm && k.HasElements() {
			var parts []string
			for _, f := range k.Fields {
				if text := m.Text(f.Name); f.Element != "" && text != "" {
					parts = append(parts, fmt.Sprintf("%s: %q", f.Element, text))
				}
			}
			item = "{" + strings.Join(parts, ", ") + "}"
		}
		items = append(items, item)
	}
	return items
}
