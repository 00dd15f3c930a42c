package merges

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

var kills = flag.Int("kills", 20, "drivers that the test kills")

// A driver that is killed at any moment leaves ours or the whole result, and no
// plaintext.
func TestKilledDriver(t *testing.T) {
	t.Parallel()
	c := newClone(t, 4) // JSON
	base := c.begin()
	read := func() []byte {
		text, err := os.ReadFile(c.path())
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	o := read()
	c.sops("set", c.file, c.address("k0"), `"`+c.secret()+`"`)
	a := read()
	if err := os.WriteFile(c.path(), o, 0o600); err != nil {
		t.Fatal(err)
	}
	c.sops("set", c.file, c.address("k1"), `"`+c.secret()+`"`)
	b := read()
	c.secrets = append(c.secrets, base.values["k0"])
	files := map[string][]byte{"O": o, "A": a, "B": b}
	driver := func() *exec.Cmd {
		for name, text := range files {
			if err := os.WriteFile(filepath.Join(c.dir, name), text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		cmd := exec.Command(os.Args[0], "merge-driver", "O", "A", "B", "7", c.file)
		cmd.Dir = c.dir
		cmd.Env = append(os.Environ(), asProgram+"=1")
		for k, v := range c.vars {
			cmd.Env = append(cmd.Env, k+"="+v)
		}
		return cmd
	}
	started := time.Now()
	if out, err := driver().CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	whole := time.Since(started)
	merged, err := os.ReadFile(filepath.Join(c.dir, "A"))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(merged, a) {
		t.Fatal("the driver changed nothing")
	}
	old, done := 0, 0
	for i := range *kills {
		cmd := driver()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(whole * time.Duration(i) / time.Duration(*kills)) // every moment is a good one
		_ = cmd.Process.Kill()                                       // it may have ended
		_ = cmd.Wait()
		now, err := os.ReadFile(filepath.Join(c.dir, "A"))
		switch {
		case err != nil:
			t.Fatal(err)
		case bytes.Equal(now, a):
			old++
		case bytes.Equal(now, merged):
			done++
		default:
			t.Fatalf("a killed driver left something else:\n%s", now)
		}
		c.holdsNoValue()
	}
	t.Logf("%d killed before the write, %d after", old, done)
}

// holdsNoValue looks for values in the files of the work tree.
func (c *clone) holdsNoValue() {
	c.Helper()
	entries, err := os.ReadDir(c.dir)
	if err != nil {
		c.Fatal(err)
	}
	for _, e := range entries {
		if !e.Type().IsRegular() {
			continue
		}
		text, err := os.ReadFile(filepath.Join(c.dir, e.Name()))
		if err != nil {
			continue // it was a temporary one
		}
		for _, s := range c.secrets {
			if bytes.Contains(text, []byte(s)) {
				c.Errorf("%s holds a value", e.Name())
			}
		}
	}
}
