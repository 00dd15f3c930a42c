package cli

import (
	"bytes"
	"context"
	"crypto/rand"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/atomicfile"
	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/internal/term"
)

// writers are the ways to change f.yaml, under the names of their
// commands.
func writers() map[string][][]string {
	return map[string][][]string{
		"set":        {{"set", "f.yaml", `["a"]`, `"v"`}},
		"unset":      {{"unset", "f.yaml", `["a"]`}},
		"edit":       {{"edit", "f.yaml"}},
		"rotate":     {{"rotate", "-i", "f.yaml"}, {"rotate", "--output", "f.yaml", "g.yaml"}},
		"updatekeys": {{"updatekeys", "-y", "f.yaml"}, {"updatekeys", "-y", "-r", "f.yaml"}},
		"sync":       {{"sync", "-y", "f.yaml"}},
		"groups": {
			{"groups", "add", "-i", "--accept-keys", "-f", "f.yaml", "--age", ageSecond},
			{"groups", "delete", "-i", "--accept-keys", "--shamir-secret-sharing-threshold", "1", "-f", "f.yaml", "1"},
		},
		"encrypt": {
			{"encrypt", "-i", "f.yaml"},
			{"encrypt", "--onto", "f.yaml", "plain.yaml"},
			{"encrypt", "--output", "f.yaml", "plain.yaml"},
		},
		"merge":   {{"merge", "-o", "f.yaml", "g.yaml", "g.yaml", "other.yaml"}},
		"decrypt": {{"decrypt", "-i", "f.yaml"}, {"decrypt", "--output", "f.yaml", "g.yaml"}},
	}
}

// readers are the commands that change no file.
func readers() []string {
	return []string{"filestatus", "doctor", "config", "kms", "exec-env", "exec-file", "devkms", "completion", "man", "help", "keygen", "publish", "keyservice", "merge-driver", "git", "log", "textconv", "check"}
}

// A process that has the lock of a file must not find it changed.
func TestEveryCommandThatChangesAFileTakesItsLock(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Log("the editor is a script of a shell: nothing was tried")
		return
	}
	for _, c := range (&run{app: &app.App{}}).root().Commands {
		ways, writes := writers()[c.Name]
		if writes == slices.Contains(readers(), c.Name) {
			t.Errorf("sops %s: this test does not know whether it changes files", c.Name)
		}
		for _, args := range ways {
			t.Run(strings.Join(args[:2], " "), func(t *testing.T) {
				t.Parallel()
				waitsForTheLock(t, args)
			})
		}
	}
}

func waitsForTheLock(t *testing.T, args []string) {
	t.Helper()
	b := newBench(t, []byte("a: 1\n"))
	rule := []byte("creation_rules: [{key_groups: [{age: ['" + ageMain + "']}, {age: ['" + ageThird + "']}]}]\n")
	write := func(name string, text []byte) {
		if err := os.WriteFile(filepath.Join(b.dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(".sops.yaml", rule)
	write("plain.yaml", []byte("a: 2\n"))
	if args[1] != "-i" || args[0] != "encrypt" { // which begins with a plaintext
		if code, _, complaints := b.run("encrypt", "-i", "f.yaml"); code != 0 {
			t.Fatal(complaints)
		}
	}
	path := filepath.Join(b.dir, "f.yaml")
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write("g.yaml", before)
	if args[0] == "merge" {
		write("other.yaml", before)
		if code, _, complaints := b.run("set", "other.yaml", `["a"]`, "3"); code != 0 {
			t.Fatal(complaints)
		}
	}
	if args[0] == "updatekeys" || args[0] == "sync" {
		write(".sops.yaml", bytes.ReplaceAll(rule, []byte(ageThird), []byte(ageSecond)))
	}
	unlock, err := atomicfile.Lock(context.Background(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	waiting := make(chan struct{}, 1)
	var out bytes.Buffer
	complaints := &notice{of: "is locked by", seen: waiting}
	ended := make(chan int, 1)
	go func() {
		ended <- Run(ctx, append([]string{"sops"}, args...), &app.App{
			Stdin: strings.NewReader(""), Stdout: &out, Stderr: complaints, Env: env.Map(b.vars), Dir: b.dir,
			Now: time.Now, Random: rand.Reader, Terminal: func() (*term.Terminal, error) { return nil, term.ErrNone },
		})
	}()
	select {
	case <-waiting:
	case code := <-ended:
		t.Fatalf("it ended with %d while another process had the lock:\n%s", code, complaints.text.String())
	}
	if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, before) {
		t.Errorf("the file was changed while another process had its lock (%v)", err)
	}
	unlock()
	if code := <-ended; code != 0 {
		t.Fatalf("exit status %d:\n%s", code, complaints.text.String())
	}
	if now, err := os.ReadFile(path); err != nil || bytes.Equal(now, before) {
		t.Errorf("the command changes nothing, so this test shows nothing (%v)", err)
	}
}

// A notice is standard error that reports when a text was written.
type notice struct {
	of   string
	seen chan struct{}
	text bytes.Buffer
}

func (n *notice) Write(p []byte) (int, error) {
	if strings.Contains(string(p), n.of) {
		select {
		case n.seen <- struct{}{}:
		default:
		}
	}
	return n.text.Write(p)
}
