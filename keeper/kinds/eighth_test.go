package kinds

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestAnEighthKindIsOneFolderAndTwoLines builds the program with a key service
// more: the folder testdata/moon, a line in kinds.All and a line in std, each
// with its import. It goes through everything that reads kinds.
func TestAnEighthKindIsOneFolderAndTwoLines(t *testing.T) {
	t.Parallel()
	moon := program{t: t, path: buildWithMoon(t), dir: t.TempDir()}
	moon.write("plain.yaml", "a: 1\n")

	for name, c := range map[string]struct {
		rules, variable string
		args            []string
	}{
		"a list in a rule":       {rules: "creation_rules: [{moon_craters: 'tycho, kepler'}]\n"},
		"a mapping in a group":   {rules: "creation_rules: [{key_groups: [{moon: [{name: tycho, rocket: saturn}, {name: kepler}]}]}]\n"},
		"a part from the path":   {rules: "creation_rules: [{path_regex: '(?P<c>plain)', moon_craters: [tycho, 'kepler', '${c}']}]\n"},
		"a flag":                 {args: []string{"--moon", "tycho,kepler"}},
		"a variable":             {variable: "tycho kepler"},
		"a flag over a variable": {variable: "plato", args: []string{"--moon", "tycho,kepler"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := program{t: t, path: moon.path, dir: t.TempDir(), variable: c.variable}
			p.write("plain.yaml", "a: 1\n")
			p.write(".sops.yaml", c.rules)
			out := p.sops(append([]string{"encrypt", "plain.yaml"}, c.args...)...)
			for _, want := range []string{"moon_kms:\n", "crater: tycho\n", "crater: kepler\n", "created_at:", "enc: tycho:"} {
				if !strings.Contains(out, want) {
					t.Errorf("no %q in\n%s", want, out)
				}
			}
			if strings.Contains(c.rules, "saturn") != strings.Contains(out, "rocket: saturn\n") {
				t.Errorf("the route in\n%s", out)
			}
			p.write("app.yaml", out)
			if got := p.sops("decrypt", "app.yaml"); got != "a: 1\n" {
				t.Errorf("decrypted: %q", got)
			}
		})
	}

	t.Run("changes of keys", func(t *testing.T) {
		p := program{t: t, path: moon.path, dir: t.TempDir()}
		p.write(".sops.yaml", "creation_rules: [{moon_craters: tycho}]\n")
		p.write("app.yaml", "a: 1\n")
		p.sops("encrypt", "--in-place", "app.yaml")
		p.write(".sops.yaml", "creation_rules: [{moon_craters: [TYCHO, kepler]}]\n")
		if diff := p.sops("updatekeys", "--yes", "app.yaml"); !strings.Contains(diff, "kepler") {
			t.Errorf("updatekeys says %q", diff)
		}
		p.sops("rotate", "--in-place", "--accept-keys", "--add-moon", "plato", "--rm-moon", "tycho", "app.yaml")
		p.sops("set", "app.yaml", `["a"]`, "2")
		p.sops("groups", "add", "--in-place", "--accept-keys", "--file", "app.yaml", "--moon", "copernicus")
		text := p.read("app.yaml")
		for crater, there := range map[string]bool{"tycho": false, "kepler": true, "plato": true, "copernicus": true} {
			if strings.Contains(strings.ToLower(text), "crater: "+crater) != there {
				t.Errorf("%s is in the file: %v, want %v\n%s", crater, !there, there, text)
			}
		}
		if got := p.sops("decrypt", "--decryption-order", "moon_kms", "app.yaml"); got != "a: 2\n" {
			t.Errorf("decrypted: %q", got)
		}
	})

	t.Run("help", func(t *testing.T) {
		p := program{t: t, path: moon.path, dir: t.TempDir()}
		for _, c := range [][]string{{"--moon CRATER", "help", "encrypt"}, {"--add-moon", "help", "rotate"}, {"SOPS_MOON_CRATERS", "help", "environment"}} {
			if got := p.sops(c[1:]...); !strings.Contains(got, strings.Fields(c[0])[0]) {
				t.Errorf("%q is not in\n%s", c[0], got)
			}
		}
		p.write(".sops.yaml", "creation_rules: [{luna: tycho}]\n")
		p.write("app.yaml", "a: 1\n")
		p.fails("did you mean moon_craters", "encrypt", "app.yaml")
		p.fails("write a name, such as tycho", "encrypt", "--moon", "x!", "app.yaml")
		p.fails(`did you mean "moon_kms"`, "decrypt", "--decryption-order", "luna", "app.yaml")
	})
}

// buildWithMoon builds the program with the moon.
func buildWithMoon(t *testing.T) string {
	t.Helper()
	const root = "../.."
	dir := t.TempDir()
	replace := map[string]string{}
	add := func(path, file string) {
		to, err1 := filepath.Abs(filepath.Join(root, path))
		from, err2 := filepath.Abs(file)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		replace[to] = from
	}
	edit := func(path string, changes ...string) {
		src, err := os.ReadFile(filepath.Join(root, path))
		if err != nil {
			t.Fatal(err)
		}
		edited := strings.NewReplacer(changes...).Replace(string(src))
		if got := strings.Count(edited, "moon"); got < 2 {
			t.Fatalf("%s: only %d changes", path, got)
		}
		file := filepath.Join(dir, filepath.Base(path))
		if err := os.WriteFile(file, []byte(edited), 0o600); err != nil {
			t.Fatal(err)
		}
		add(path, file)
	}
	add("keeper/moon/moon.go", "testdata/moon/moon.go")
	add("keeper/moon/moonkey/moonkey.go", "testdata/moon/moonkey/moonkey.go")
	const module = "\t\"github.com/seed-1f7fdfb8/sops/"
	edit("keeper/kinds/kinds.go", "\t\tagekey.Kind(),\n", "\t\tagekey.Kind(),\n\t\tmoonkey.Kind(),\n",
		module+"keeper/pgp/pgpkey\"\n", module+"keeper/pgp/pgpkey\"\n"+module+"keeper/moon/moonkey\"\n")
	edit("std/std.go", "keeper.NewMux(", "keeper.NewMux(moon.New(), ",
		module+"keeper/pgp\"\n", module+"keeper/pgp\"\n"+module+"keeper/moon\"\n")
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	list, program := filepath.Join(dir, "overlay.json"), filepath.Join(dir, "sops.exe")
	if err := os.WriteFile(list, overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("go", "build", "-overlay", list, "-o", program, root+"/cmd/sops").CombinedOutput()
	if err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return program
}

// A program is sops in a directory.
type program struct {
	t         *testing.T
	path, dir string
	variable  string // SOPS_MOON_CRATERS
}

func (p program) write(name, text string) {
	p.t.Helper()
	if text == "" {
		return
	}
	if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

func (p program) read(name string) string {
	p.t.Helper()
	src, err := os.ReadFile(filepath.Join(p.dir, name))
	if err != nil {
		p.t.Fatal(err)
	}
	return string(src)
}

func (p program) run(args []string) (stdout, stderr string, err error) {
	cmd := exec.Command(p.path, args...)
	cmd.Dir = p.dir
	cmd.Env = []string{"HOME=" + p.dir, "XDG_CONFIG_HOME=" + p.dir, "AWS_EC2_METADATA_DISABLED=true", "SOPS_MOON_CRATERS=" + p.variable}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	return out.String(), errs.String(), err
}

// sops runs the program, which must succeed, and returns what it prints.
func (p program) sops(args ...string) string {
	p.t.Helper()
	out, errs, err := p.run(args)
	if err != nil {
		p.t.Fatalf("sops %s: %v\n%s", strings.Join(args, " "), err, errs)
	}
	return out
}

// fails runs the program, which must fail and say want.
func (p program) fails(want string, args ...string) {
	p.t.Helper()
	_, errs, err := p.run(args)
	if err == nil || !strings.Contains(errs, want) {
		p.t.Errorf("sops %s: %v, want %q in\n%s", strings.Join(args, " "), err, want, errs)
	}
}
