package cli_test

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/cli"
	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/internal/term"
)

// A result is what one program made of a command line.
type result struct {
	exit           int
	stdout, stderr string
}

// run runs our program, which may fail.
func (b *bench) run(t *testing.T, stdin string, args ...string) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	exit := cli.Run(t.Context(), append([]string{"sops"}, args...), &app.App{
		Stdin: strings.NewReader(stdin), Stdout: &stdout, Stderr: &stderr,
		Env: env.Map(b.vars), Dir: b.dir, Now: time.Now, Random: rand.Reader, HostName: "bench",
		Terminal: func() (*term.Terminal, error) { return nil, term.ErrNone },
	})
	return result{exit, stdout.String(), stderr.String()}
}

// runTheirs runs the real sops, which may fail.
func (b *bench) runTheirs(t *testing.T, stdin string, args ...string) result {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), b.real, args...)
	cmd.Dir, cmd.Stdin = b.dir, strings.NewReader(stdin)
	for name, value := range b.vars {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return result{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

func (b *bench) read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(b.dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// contents has something for each type: a file of several values, and one that
// holds no more than a binary file does.
var contents = []struct{ name, typ, text, at string }{
	{"several.yaml", "yaml", "a: one\nb: two\n", `["a"]`},
	{"several.json", "json", "{\n\t\"a\": \"one\",\n\t\"b\": \"two\"\n}\n", `["a"]`},
	{"several.env", "dotenv", "a=one\nb=two\n", `["a"]`},
	{"several.ini", "ini", "[s]\na = one\nb = two\n", `["s"]["a"]`},
	{"one.yaml", "yaml", "data: hello\n", `["data"]`},
	{"one.json", "json", "{\n\t\"data\": \"hello\"\n}\n", `["data"]`},
	{"one.env", "dotenv", "data=hello\n", `["data"]`},
	{"one.bin", "binary", "hello\nworld\n", `["data"]`},
}

// TestTypesAreThoseOfSOPS walks the product of commands, contents, given types
// and ways to the content, beside the real SOPS: same exit status, and the same
// bytes on standard output or, where that is encrypted, the same bytes once it
// is decrypted. Where the name says nothing SOPS takes everything for binary;
// there we must do better, and the test says how.
func TestTypesAreThoseOfSOPS(t *testing.T) {
	t.Parallel()
	for _, c := range contents {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.write(t, c.name, c.text)
			b.write(t, "e."+c.name, b.theirs(t, "encrypt", "--age", recipient1, c.name))
			for _, out := range []string{"", "yaml", "json", "dotenv", "ini", "binary"} {
				for _, in := range []string{"", c.typ} {
					b.decryptsAlike(t, c.name, in, out)
				}
				b.changesAlike(t, c.name, c.typ, c.at, out)
			}
		})
	}
}

func typeFlags(in, out string) (flags []string) {
	if in != "" {
		flags = append(flags, "--input-type", in)
	}
	if out != "" {
		flags = append(flags, "--output-type", out)
	}
	return flags
}

func (b *bench) decryptsAlike(t *testing.T, name, in, out string) {
	t.Helper()
	encrypted, typ := b.read(t, "e."+name), typeOf(name)
	b.write(t, "unnamed", encrypted)
	flags := append([]string{"decrypt"}, typeFlags(in, out)...)
	named := append(flags, "e."+name)
	b.compare(t, named, b.run(t, "", named...), b.runTheirs(t, "", named...))

	// SOPS needs flags for what is in a file whose name says nothing, but for
	// an envelope: it prints what is in it.
	args := append([]string{"decrypt"}, typeFlags(typ, cmp.Or(out, typ))...)
	if name == "one.json" && in == "" && out == "" {
		args = []string{"decrypt"}
	}
	want := b.runTheirs(t, encrypted, args...)
	for _, file := range []string{"unnamed", "-", "/dev/stdin"} {
		args := append(flags[:len(flags):len(flags)], file)
		b.compare(t, args, b.run(t, encrypted, args...), want)
	}
	b.compare(t, flags, b.run(t, encrypted, flags...), want)
}

func typeOf(name string) string {
	for _, c := range contents {
		if c.name == name {
			return c.typ
		}
	}
	return ""
}

func (b *bench) compare(t *testing.T, args []string, ours, theirs result) {
	t.Helper()
	if ours.exit != theirs.exit || ours.stdout != theirs.stdout {
		t.Errorf("sops %s\n ours: %d %q %s\nSOPS: %d %q %s", strings.Join(args, " "),
			ours.exit, ours.stdout, ours.stderr, theirs.exit, theirs.stdout, theirs.stderr)
	}
	if ours.exit == 0 && ours.stderr != "" {
		t.Errorf("sops %s says %q where SOPS is silent", strings.Join(args, " "), ours.stderr)
	}
}

// changesAlike compares the commands that write encrypted files.
func (b *bench) changesAlike(t *testing.T, name, typ, at, out string) {
	t.Helper()
	for _, command := range []string{"encrypt", "rotate", "set", "unset"} {
		if command == "unset" && typ == "binary" {
			continue // SOPS writes a file without content, which nothing decrypts
		}
		source := "e." + name
		args := append([]string{command}, typeFlags("", out)...)
		switch command {
		case "encrypt":
			source = name
			args = append(args, "--age", recipient1)
		case "set":
			args = append(args, "w."+name, at, `"new"`)
		case "unset":
			args = append(args, "w."+name, at)
		}
		inPlace := command == "set" || command == "unset"
		if !inPlace {
			args = append(args, "w."+name)
		}
		made := func(run func(*testing.T, string, ...string) result) (result, string) {
			b.write(t, "w."+name, b.read(t, source))
			r := run(t, "", args...)
			if inPlace {
				return r, b.read(t, "w."+name)
			}
			return r, r.stdout
		}
		ours, text := made(b.run)
		theirs, theirText := made(b.runTheirs)
		if ours.exit != theirs.exit {
			t.Errorf("sops %s\n ours: %d %s\nSOPS: %d %s", strings.Join(args, " "), ours.exit, ours.stderr, theirs.exit, theirs.stderr)
			continue
		}
		if ours.exit == 0 {
			b.sameOnceDecrypted(t, fmt.Sprint(args), cmp.Or(out, typ), text, theirText)
		}
	}
}

// sameOnceDecrypted lets the real SOPS decrypt what both programs wrote.
func (b *bench) sameOnceDecrypted(t *testing.T, what, typ, ours, theirs string) {
	t.Helper()
	plain := func(text string) result {
		b.write(t, "encrypted", text)
		// What is written as binary without being one value is JSON.
		shown := typ
		if typ == "binary" {
			shown = "json"
		}
		return b.runTheirs(t, "", "decrypt", "--input-type", typ, "--output-type", shown, "encrypted")
	}
	if a, z := plain(ours), plain(theirs); a != z {
		t.Errorf("sops %s\n ours: %+v\nSOPS: %+v\n%s", what, a, z, ours)
	}
	if back := b.run(t, ours, "decrypt"); back.exit != 0 {
		t.Errorf("sops %s, then sops decrypt < RESULT: %+v", what, back)
	}
}
