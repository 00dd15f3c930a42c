package merges

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	mathrand "math/rand/v2"
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

// A clone is a git repository with one encrypted file.
type clone struct {
	*testing.T
	*mathrand.Rand
	dir, file, format string
	secrets           []string // every value that there ever was
	vars              map[string]string
	n                 int
}

func newClone(t *testing.T, seed uint64) *clone {
	t.Helper()
	keys, err := filepath.Abs("../golden/keys/age-main.txt")
	if err != nil {
		t.Fatal(err)
	}
	c := &clone{T: t, Rand: mathrand.New(mathrand.NewPCG(seed, 1)), dir: t.TempDir()}
	c.vars = map[string]string{"SOPS_AGE_KEY_FILE": keys, "HOME": t.TempDir(), "SOPS_DISABLE_VERSION_CHECK": "true", "EDITOR": "false"}
	c.format = []string{"yaml", "json", "env", "ini"}[c.IntN(4)]
	c.file = "f." + c.format
	c.git("init", "-q", "-b", "main")
	for _, setting := range [][2]string{
		{"user.name", "n"},
		{"user.email", "n@example.com"},
		{"merge.sops.driver", fmt.Sprintf("%s=1 '%s' merge-driver %%O %%A %%B %%L %%P %%S %%X %%Y", asProgram, os.Args[0])},
		{"commit.gpgsign", "false"},
		{"core.autocrlf", "false"},
	} {
		c.git("config", setting[0], setting[1])
	}
	c.write(".gitattributes", "f.* merge=sops -text\n")
	return c
}

func (c *clone) path() string { return filepath.Join(c.dir, c.file) }

func (c *clone) write(name, text string) {
	c.Helper()
	if err := os.WriteFile(filepath.Join(c.dir, name), []byte(text), 0o600); err != nil {
		c.Fatal(err)
	}
}

// tryGit runs git and returns what it prints.
func (c *clone) tryGit(args ...string) (string, error) {
	cmd := exec.Command("git", args...)
	cmd.Dir = c.dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_EDITOR=true", "LC_ALL=C")
	for k, v := range c.vars {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (c *clone) git(args ...string) string {
	c.Helper()
	out, err := c.tryGit(args...)
	if err != nil {
		c.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return out
}

// trySops runs one command in this process.
func (c *clone) trySops(args ...string) (code int, stdout, stderr string) {
	var out, complaints bytes.Buffer
	code = cli.Run(context.Background(), append([]string{"sops"}, args...), &app.App{
		Stdin: strings.NewReader(""), Stdout: &out, Stderr: &complaints, Env: env.Map(c.vars), Dir: c.dir,
		Now: time.Now, Random: rand.Reader, Terminal: func() (*term.Terminal, error) { return nil, term.ErrNone },
	})
	return code, out.String(), complaints.String()
}

func (c *clone) sops(args ...string) string {
	c.Helper()
	code, out, complaints := c.trySops(args...)
	if code != 0 {
		c.Fatalf("sops %v: exit status %d\n%s", args, code, complaints)
	}
	return out
}

// noPlaintext looks for values in every file and every object.
func (c *clone) noPlaintext() {
	c.Helper()
	look := func(where string, text []byte) {
		for _, s := range c.secrets {
			if bytes.Contains(text, []byte(s)) {
				c.Errorf("%s holds a value", where)
			}
		}
	}
	objects, err := exec.Command("git", "-C", c.dir, "cat-file", "--batch-all-objects", "--batch").Output()
	if err != nil {
		c.Fatal(err)
	}
	look("an object", objects)
	err = filepath.WalkDir(c.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		look(path, text)
		if strings.Contains(path, ".sops") || strings.Contains(path, ".merge_file") {
			c.Errorf("%s is left", path)
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		c.Fatal(err)
	}
}
