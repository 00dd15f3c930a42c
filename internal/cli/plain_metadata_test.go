package cli_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

// How a file comes to plain metadata.
var plainWays = map[string]struct{ config, flag string }{
	"flag":   {"creation_rules: [{age: %s}]\n", "--plain-metadata"},
	"rule":   {"creation_rules: [{age: %s, metadata: plain}]\n", ""},
	"stores": {"creation_rules: [{age: %s}]\nstores: {metadata: plain}\n", ""},
}

// plainTexts are texts of each format that need no layout.
var plainTexts = map[string]struct{ before, after, at string }{
	"f.yaml": {"a: one # why\nb:\n    - 1\n    - true\nc: \"q\"\n", "a: two # why\nb:\n    - 1\n    - true\nc: \"q\"\n", `["c"]`},
	"f.json": {"{\n\t\"a\": \"one\",\n\t\"c\": \"x\"\n}\n", "{\n\t\"a\": \"two\",\n\t\"c\": \"x\"\n}\n", `["c"]`},
	"f.env":  {"# why\na=one\nc=x\n", "# why\na=two\nc=x\n", `["c"]`},
	"f.ini":  {"[s]\na = one\nc = x\n", "[s]\na = two\nc = x\n", `["s"]["c"]`},
	"f.bin":  {"one\x00\n", "two\x00\n", `["data"]`},
}

// Plain metadata stays plain: over every way to it, every format and every command
// that changes a file, and where the configuration that asked for it is gone.
func TestPlainMetadataStaysPlain(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Log("the editor is a script of a shell: nothing was tried")
		return
	}
	extra := regexp.MustCompile(`(?m)(sops_|[\s",{]|^)"?(seal|layout)"?\s*[:=]`)
	for way, how := range plainWays {
		for file, text := range plainTexts {
			t.Run(way+" "+file, func(t *testing.T) {
				t.Parallel()
				b := newDesk(t)
				b.write(t, ".sops.yaml", fmt.Sprintf(how.config, "'"+recipient1+"'"))
				b.write(t, file, text.before)
				args := []string{"encrypt", "-i", file}
				if how.flag != "" {
					args = append(args, how.flag)
				}
				says := func(want bool, args ...string) {
					t.Helper()
					r := b.run(t, "", args...)
					if r.exit != 0 {
						t.Fatalf("%v: exit status %d: %s", args, r.exit, r.stderr)
					}
					if said := strings.Count(r.stderr, "plain metadata: the file has no seal"); said > 1 || said == 1 != want {
						t.Errorf("%v says %d times what is lost: %s", args, said, r.stderr)
					}
					if now := b.read(t, file); extra.MatchString(now) {
						t.Errorf("after %v the file has another field than those of SOPS:\n%s", args, now)
					}
				}
				says(true, args...)
				b.same(t, "decrypt", text.before, b.ours(t, "decrypt", file))
				if way == "flag" { // which no rule repeats
					b.write(t, ".sops.yaml", "creation_rules: [{age: '"+recipient1+"'}]\n")
				}
				b.write(t, "onto", text.after)
				ed := "#!/bin/sh\ncp '" + filepath.Join(b.dir, "onto") + "' \"$1\"\n"
				if err := os.WriteFile(filepath.Join(b.dir, "ed"), []byte(ed), 0o700); err != nil {
					t.Fatal(err)
				}
				b.vars["EDITOR"] = filepath.Join(b.dir, "ed")
				typ := strings.TrimPrefix(filepath.Ext(file), ".")
				if long, ok := map[string]string{"bin": "binary", "env": "dotenv"}[typ]; ok {
					typ = long
				}
				says(false, "set", file, text.at, `"new"`)
				says(false, "encrypt", "--onto", file, "--input-type", typ, "--accept-keys", "onto")
				b.same(t, "decrypt", text.after, b.ours(t, "decrypt", file))
				says(false, "rotate", "-i", "--accept-keys", file)
				says(false, "groups", "add", "-i", "--accept-keys", "-f", file, "--age", recipient2)
				says(false, "groups", "delete", "-i", "--accept-keys", "--shamir-secret-sharing-threshold", "1", "-f", file, "1")
				b.write(t, ".sops.yaml", strings.ReplaceAll(b.read(t, ".sops.yaml"), recipient1, recipient1+","+recipient2))
				says(false, "updatekeys", "-y", file)
				b.write(t, "onto", text.before)
				says(false, "edit", file)
				b.same(t, "decrypt", text.before, b.ours(t, "decrypt", file))
			})
		}
	}
}
