package merges

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seed-1f7fdfb8/sops/internal/cli"
)

// asProgram makes the test the program itself: git runs it as the merge driver.
const asProgram = "SOPS_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		os.Exit(cli.Main(context.Background(), os.Args, os.Stdin, os.Stdout, os.Stderr))
	}
	flag.Parse()
	os.Exit(m.Run())
}

var recipients = []string{
	"age1ym9y2kmj7n2sw2jmpapp2qvmxa25c6xrmp2e38s4wvw7naq0tskqzu3dsz",
	"age15xqkuy709wy2qcrczm4h97t8dzfhktftnzyt4c5qdky0jdkq9pvq99kwyc",
	"age1998wleqmxyk0ke028vul8jn4xlqwss8ldfwc40fp6vglvxtmn50qadmgs0",
}

// A state is what a file must hold.
type state struct {
	values map[string]string
	keys   map[string]bool
}

func (s state) clone() state { return state{maps.Clone(s.values), maps.Clone(s.keys)} }

// secret returns a value that is nowhere else.
func (c *clone) secret() string {
	c.n++
	s := fmt.Sprintf("canary%dx%08x", c.n, c.Uint32())
	c.secrets = append(c.secrets, s)
	return s
}

// address is that of a key; INI files have sections.
func (c *clone) address(key string) string {
	if c.format == "ini" {
		return `["s"]["` + key + `"]`
	}
	return `["` + key + `"]`
}

// begin makes and commits the file.
func (c *clone) begin() state {
	s := state{map[string]string{}, map[string]bool{recipients[0]: true}}
	tree := map[string]string{}
	for i := range 6 {
		key := fmt.Sprintf("k%d", i)
		s.values[key] = c.secret()
		tree[key] = s.values[key]
	}
	var plain any = tree
	if c.format == "ini" {
		plain = map[string]any{"s": tree}
	}
	text, err := json.Marshal(plain)
	if err != nil {
		c.Fatal(err)
	}
	plainFile := filepath.Join(c.TempDir(), "plain.json")
	if err := os.WriteFile(plainFile, text, 0o600); err != nil {
		c.Fatal(err)
	}
	to := recipients[0]
	if c.IntN(2) == 0 {
		s.keys[recipients[1]] = true
		to += "," + recipients[1]
	}
	encrypted := c.sops("encrypt", "--output-type", map[string]string{"yaml": "yaml", "json": "json", "env": "dotenv", "ini": "ini"}[c.format], "--age", to, plainFile)
	c.write(c.file, encrypted)
	c.git("add", ".")
	c.git("commit", "-qm", "base")
	return s
}

// change makes random changes and commits them.
func (c *clone) change(s state) state {
	s = s.clone()
	for range 1 + c.IntN(4) {
		key := fmt.Sprintf("k%d", c.IntN(9))
		switch n := c.IntN(10); {
		case n < 6:
			s.values[key] = c.secret()
			c.sops("set", c.file, c.address(key), `"`+s.values[key]+`"`)
		case n < 8 && s.values[key] != "" && len(s.values) > 2:
			delete(s.values, key)
			c.sops("unset", c.file, c.address(key))
		case n == 8:
			c.sops("rotate", "-i", c.file)
		default:
			c.changeKeys(s)
		}
	}
	if _, err := c.tryGit("commit", "-qam", "change"); err != nil { // nothing may have changed
		c.git("commit", "-q", "--allow-empty", "-m", "no change")
	}
	return s
}

func (c *clone) changeKeys(s state) {
	other := recipients[1+c.IntN(2)]
	if s.keys[other] {
		delete(s.keys, other)
		c.sops("rotate", "-i", "--rm-age", other, c.file)
		return
	}
	s.keys[other] = true
	c.sops("rotate", "-i", "--add-age", other, c.file)
}

// merge is what the model says of two states: values, and keys in conflict.
func merge(o, a, b state) (merged state, conflicts []string) {
	merged = state{map[string]string{}, map[string]bool{}}
	for i := range 9 {
		key := fmt.Sprintf("k%d", i)
		x, y, z := o.values[key], a.values[key], b.values[key]
		value := y
		switch {
		case y == z, x == z:
		case x == y:
			value = z
		default:
			conflicts = append(conflicts, key)
		}
		if value != "" {
			merged.values[key] = value
		}
	}
	for _, r := range recipients {
		if o.keys[r] && a.keys[r] && b.keys[r] || !o.keys[r] && (a.keys[r] || b.keys[r]) {
			merged.keys[r] = true
		}
	}
	return merged, conflicts
}

// holds compares the file with a state, also as SOPS reads it.
func (c *clone) holds(want state) {
	c.Helper()
	var got map[string]any
	if err := json.Unmarshal([]byte(c.sops("decrypt", "--output-type", "json", c.file)), &got); err != nil {
		c.Fatal(err)
	}
	c.compare("ours", got, want)
	text, err := os.ReadFile(c.path())
	if err != nil {
		c.Fatal(err)
	}
	for _, r := range recipients {
		if has := bytes.Contains(text, []byte(r)); has != want.keys[r] {
			c.Errorf("%s is in the file: %v, want %v", r, has, want.keys[r])
		}
	}
	if theirs := os.Getenv("SOPS_REFERENCE"); theirs != "" {
		out, err := c.theirs(theirs, "decrypt", "--output-type", "json", c.file)
		if err != nil {
			c.Fatalf("SOPS: %v", err)
		}
		got = nil
		if err := json.Unmarshal(out, &got); err != nil {
			c.Fatal(err)
		}
		c.compare("SOPS", got, want)
	}
}

func (c *clone) compare(who string, got map[string]any, want state) {
	c.Helper()
	if c.format == "ini" {
		got, _ = got["s"].(map[string]any)
	}
	if len(got) != len(want.values) {
		c.Errorf("%s: %d values, want %d: %v, %v", who, len(got), len(want.values), got, want.values)
	}
	for key, value := range want.values {
		if got[key] != value {
			c.Errorf("%s: %s is %v, want %s", who, key, got[key], value)
		}
	}
}

func (c *clone) theirs(program string, args ...string) ([]byte, error) {
	cmd := exec.Command(program, args...)
	cmd.Dir = c.dir
	for k, v := range c.vars {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	cmd.Env = append(cmd.Env, "PATH="+os.Getenv("PATH"))
	return cmd.Output()
}

// settle checks what git and the driver left, and resolves it.
func (c *clone) settle(clean bool, want state, conflicts []string, ours, theirs state, next ...string) state {
	c.Helper()
	c.noPlaintext()
	if clean != (len(conflicts) == 0) {
		c.Fatalf("clean: %v, but the conflicts are %v", clean, conflicts)
	}
	if clean {
		c.holds(want)
		return want
	}
	if code, out, _ := c.trySops("decrypt", c.file); code != 51 || out != "" {
		c.Errorf("a file with conflicts is decrypted with status %d: %s", code, out)
	}
	if program := os.Getenv("SOPS_REFERENCE"); program != "" {
		out, err := c.theirs(program, "decrypt", c.file)
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 51 || len(out) > 0 {
			c.Errorf("SOPS reads a file with conflicts: %v", err)
		}
	}
	list := c.sops("merge", "--list", c.file)
	if n := strings.Count(list, "\n"); n != len(conflicts) {
		c.Errorf("%d conflicts are listed, want %v: %s", n, conflicts, list)
	}
	for _, key := range conflicts {
		if !strings.Contains(list, c.address(key)) {
			c.Errorf("the conflict at %s is not listed: %s", key, list)
		}
	}
	side, from := "--ours", ours
	if c.IntN(2) == 0 {
		side, from = "--theirs", theirs
	}
	c.sops("merge", side) // finds the file
	for _, key := range conflicts {
		if delete(want.values, key); from.values[key] != "" {
			want.values[key] = from.values[key]
		}
	}
	c.holds(want)
	c.git(next...)
	if out := c.git("status", "--porcelain"); out != "" {
		c.Errorf("git is not done: %s", out)
	}
	c.noPlaintext()
	return want
}

var rounds = flag.Uint64("merges", 24, "random merges that the test plays; by hand: -merges 100")

func TestMergesOfGit(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("git"); err != nil {
		t.Fatal("git is not installed, and merges are to be tested with it")
	}
	for seed := range *rounds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			c := newClone(t, seed)
			base := c.begin()
			c.git("checkout", "-qb", "other")
			theirs := c.change(base)
			c.git("checkout", "-q", "main")
			ours := c.change(base)
			kind := []string{"merge", "rebase", "cherry-pick", "criss-cross"}[seed%4]
			t.Log(kind, c.format)
			switch kind {
			case "merge":
				_, err := c.tryGit("merge", "--no-edit", "other")
				want, conflicts := merge(base, ours, theirs)
				c.settle(err == nil, want, conflicts, ours, theirs, "commit", "-qm", "merged")
				if err == nil { // made once more, it is the same to the byte
					diff := c.git("show", "--remerge-diff", "--format=", "HEAD")
					if strings.Contains(diff, "diff --git") { // and not the notes alone
						t.Errorf("the merge is another one the second time:\n%s", diff)
					}
				}
			case "rebase": // ours is what the commit comes to, theirs the commit
				_, err := c.tryGit("rebase", "other")
				want, conflicts := merge(base, theirs, ours)
				c.settle(err == nil, want, conflicts, theirs, ours, "-c", "core.editor=true", "rebase", "--continue")
			case "cherry-pick":
				_, err := c.tryGit("cherry-pick", "--allow-empty", "other")
				want, conflicts := merge(base, ours, theirs)
				c.settle(err == nil, want, conflicts, ours, theirs, "commit", "--allow-empty", "-qm", "picked")
			default:
				c.crissCross(base, ours, theirs)
			}
		})
	}
}

// crissCross merges each side into the other, changes both again and merges once
// more: git makes the base of two, and the driver merges those first.
func (c *clone) crissCross(base, ours, theirs state) {
	c.git("branch", "ours-before")
	_, err := c.tryGit("merge", "--no-edit", "other")
	want, conflicts := merge(base, ours, theirs)
	a := c.settle(err == nil, want, conflicts, ours, theirs, "commit", "-qm", "merged")
	c.git("checkout", "-q", "other")
	_, err = c.tryGit("merge", "--no-edit", "ours-before")
	want, conflicts = merge(base, theirs, ours)
	b := c.settle(err == nil, want, conflicts, theirs, ours, "commit", "-qm", "merged")
	b = c.change(b)
	c.git("checkout", "-q", "main")
	a = c.change(a)
	out, err := c.tryGit("merge", "--no-edit", "other")
	c.noPlaintext()
	if err != nil {
		if code, _, _ := c.trySops("decrypt", c.file); code != 51 {
			c.Fatalf("git says %v, and the file has no conflicts:\n%s", err, out)
		}
		c.sops("merge", "--ours")
		c.git("commit", "-qm", "merged")
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(c.sops("decrypt", "--output-type", "json", c.file)), &got); err != nil {
		c.Fatal(err)
	}
	if c.format == "ini" {
		got, _ = got["s"].(map[string]any)
	}
	for i := range 9 {
		key := fmt.Sprintf("k%d", i)
		value, _ := got[key].(string)
		if a.values[key] == b.values[key] && value != a.values[key] {
			c.Errorf("%s is %q, and %q on both sides", key, value, a.values[key])
		}
		if !slices.Contains([]string{a.values[key], b.values[key]}, value) {
			c.Errorf("%s is %q, which is on neither side", key, value)
		}
	}
}
