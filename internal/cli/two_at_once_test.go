package cli

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/internal/term"
)

const (
	ageMain   = "age1ym9y2kmj7n2sw2jmpapp2qvmxa25c6xrmp2e38s4wvw7naq0tskqzu3dsz"
	ageSecond = "age15xqkuy709wy2qcrczm4h97t8dzfhktftnzyt4c5qdky0jdkq9pvq99kwyc"
	ageThird  = "age1998wleqmxyk0ke028vul8jn4xlqwss8ldfwc40fp6vglvxtmn50qadmgs0"
)

// changers are the commands that change f.yaml, with n as the number of the
// command among those that run at once.
func changers() map[string]func(n int) []string {
	return map[string]func(int) []string{
		"set":        func(n int) []string { return []string{"set", "f.yaml", fmt.Sprintf(`["set%d"]`, n), `"v"`} },
		"unset":      func(n int) []string { return []string{"unset", "--idempotent", "f.yaml", fmt.Sprintf(`["old%d"]`, n)} },
		"edit":       func(n int) []string { return []string{"edit", "f.yaml"} },
		"rotate":     func(n int) []string { return []string{"rotate", "-i", "--add-age", ageSecond, "f.yaml"} },
		"updatekeys": func(n int) []string { return []string{"updatekeys", "-y", "f.yaml"} },
		"sync":       func(n int) []string { return []string{"sync", "-y", "f.yaml"} },
		"groups": func(n int) []string {
			return []string{"groups", "add", "-i", "--accept-keys", "-f", "f.yaml", "--age", ageSecond}
		},
		"encrypt": func(n int) []string { return []string{"encrypt", "-i", "f.yaml"} },
		"decrypt": func(n int) []string { return []string{"decrypt", "-i", "f.yaml"} },
	}
}

// A bench is a directory with f.yaml.
type bench struct {
	dir  string
	vars map[string]string
}

func newBench(t *testing.T, content []byte) *bench {
	t.Helper()
	b := &bench{dir: t.TempDir()}
	keys, err := filepath.Abs("../../internal/test/golden/keys/age-all-three.txt")
	if err != nil {
		t.Fatal(err)
	}
	b.vars = map[string]string{
		"HOME": b.dir, "PATH": os.Getenv("PATH"), "SOPS_AGE_KEY_FILE": keys,
		"EDITOR": filepath.Join(b.dir, "ed"), "TMPDIR": t.TempDir(),
	}
	err = errors.Join(
		os.WriteFile(filepath.Join(b.dir, ".sops.yaml"), []byte("creation_rules: [{age: '"+ageMain+","+ageThird+"'}]\n"), 0o600),
		os.WriteFile(b.vars["EDITOR"], []byte("#!/bin/sh\necho edited$$: v >> \"$1\"\n"), 0o700),
		os.WriteFile(filepath.Join(b.dir, "f.yaml"), content, 0o600),
	)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bench) run(args ...string) (code int, stdout, stderr string) {
	var out, complaints bytes.Buffer
	code = Run(context.Background(), append([]string{"sops"}, args...), &app.App{
		Stdin: strings.NewReader(""), Stdout: &out, Stderr: &complaints, Env: env.Map(b.vars), Dir: b.dir,
		Now: time.Now, Random: rand.Reader, Terminal: func() (*term.Terminal, error) { return nil, term.ErrNone },
	})
	return code, out.String(), complaints.String()
}

var (
	recipients = regexp.MustCompile(`age1[a-z0-9]{58}`)
	editedBy   = regexp.MustCompile(`edited\d+`)
)

// state is what f.yaml says and who can read it, without what differs between
// two runs of the same commands.
func (b *bench) state(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(b.dir, "f.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	keys, plain := recipients.FindAllString(string(text), -1), string(text)
	if len(keys) > 0 {
		code, out, complaints := b.run("decrypt", "f.yaml")
		if code != 0 {
			t.Fatalf("f.yaml cannot be read: %s\n%s", complaints, text)
		}
		plain = out
	}
	lines := strings.Split(editedBy.ReplaceAllString(plain, "edited"), "\n")
	slices.Sort(lines)
	slices.Sort(keys)
	return fmt.Sprintf("for %q: %q", keys, lines)
}

// sequence runs commands one after the other and returns the state, "" if one
// failed.
func sequence(t *testing.T, start []byte, commands ...[]string) string {
	t.Helper()
	b := newBench(t, start)
	for _, c := range commands {
		if code, _, _ := b.run(c...); code != 0 {
			return ""
		}
	}
	return b.state(t)
}

// Two commands at once must come to what they come to one after the other, in
// either order, except that one may fail: what succeeded is there.
func TestTwoCommandsAtOnceLoseNoSuccess(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Log("the editor is a script of a shell: nothing was tried")
		return
	}
	const rounds = 3
	plain := []byte("a: 1\nold0: v\nold1: v\n")
	b := newBench(t, plain)
	if code, _, complaints := b.run("encrypt", "-i", "--age", ageMain, "f.yaml"); code != 0 {
		t.Fatal(complaints)
	}
	encrypted, err := os.ReadFile(filepath.Join(b.dir, "f.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for startName, start := range map[string][]byte{"encrypted": encrypted, "plaintext": plain} {
		for firstName, first := range changers() {
			for secondName, second := range changers() {
				t.Run(startName+"/"+firstName+"+"+secondName, func(t *testing.T) {
					t.Parallel()
					p := newPair(t, start, first(0), second(1))
					p.mayFail = firstName == "edit" || secondName == "edit"
					for range rounds {
						p.atOnce(t)
					}
				})
			}
		}
	}
}

// A pair is two commands, with the states that they come to one after the
// other: "" where one of them fails.
type pair struct {
	start             []byte
	first, second     []string
	forward, backward string
	alone             [2]string
	mayFail           bool // what was edited is kept beside a file that another command has changed
}

func newPair(t *testing.T, start []byte, first, second []string) *pair {
	t.Helper()
	return &pair{
		start: start, first: first, second: second,
		forward: sequence(t, start, first, second), backward: sequence(t, start, second, first),
		alone: [2]string{sequence(t, start, first), sequence(t, start, second)},
	}
}

// want returns the states that are right after the commands ended with the
// codes.
func (p *pair) want(t *testing.T, codes [2]int) []string {
	t.Helper()
	switch {
	case codes[0] == 0 && codes[1] == 0:
		return []string{p.forward, p.backward}
	case p.forward != "" && p.backward != "" && !p.mayFail:
		return nil
	case codes[0] == 0:
		return []string{p.alone[0]}
	case codes[1] == 0:
		return []string{p.alone[1]}
	}
	return []string{sequence(t, p.start)}
}

func (p *pair) atOnce(t *testing.T) {
	t.Helper()
	b := newBench(t, p.start)
	var codes [2]int
	var complaints [2]string
	var wg sync.WaitGroup
	for i, c := range [][]string{p.first, p.second} {
		wg.Go(func() { codes[i], _, complaints[i] = b.run(c...) })
	}
	wg.Wait()
	if got, want := b.state(t), p.want(t, codes); !slices.Contains(want, got) {
		t.Errorf("%q and %q at once gave exit status %v\ngot  %s\nwant one of\n%s\n%s%s",
			p.first, p.second, codes, got, strings.Join(want, "\n"), complaints[0], complaints[1])
	}
	for _, name := range names(t, b.dir) {
		if strings.Contains(name, "sops-") {
			t.Errorf("%q and %q left %s", p.first, p.second, name)
		}
	}
}

func names(t *testing.T, dir string) (all []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}
