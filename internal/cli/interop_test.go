package cli_test

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-1f7fdfb8/sops/devkms"
	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/cli"
	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/internal/term"
)

// A bench has both programs side by side in one directory and one environment:
// ours in this process, the real sops 3.13.3 as a child.
type bench struct {
	dir, real string // real is SOPS 3.13.3
	vars      map[string]string
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := newDesk(t)
	if b.real = os.Getenv("SOPS_REFERENCE"); b.real == "" {
		t.Skip("SOPS_REFERENCE does not name a real sops 3.13.3; .ci/run installs one")
	}
	return b
}

// newDesk returns a bench with our program alone.
func newDesk(t *testing.T) *bench {
	t.Helper()
	b := &bench{dir: t.TempDir(), vars: map[string]string{}}
	server := devkms.Start(t, nil)
	vars, err := server.Environ(b.dir)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := filepath.Abs("../../internal/test/golden/keys/age-all-three.txt")
	if err != nil {
		t.Fatal(err)
	}
	vars = append(vars, "HOME="+b.dir, "SOPS_AGE_KEY_FILE="+keys, "SOPS_DISABLE_VERSION_CHECK=true", "PATH="+os.Getenv("PATH"))
	for _, v := range vars {
		name, value, _ := strings.Cut(v, "=")
		b.vars[name] = value
	}
	return b
}

func (b *bench) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(b.dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// ours runs our program and returns what it prints.
func (b *bench) ours(t *testing.T, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	status := cli.Run(t.Context(), append([]string{"sops"}, args...), &app.App{
		Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr,
		Env: env.Map(b.vars), Dir: b.dir, Now: time.Now, Random: rand.Reader, HostName: "bench",
		Terminal: func() (*term.Terminal, error) { return nil, term.ErrNone },
	})
	if status != 0 {
		t.Fatalf("ours: %v: exit %d\n%s", args, status, stderr.String())
	}
	return stdout.String()
}

// theirs runs the real sops.
func (b *bench) theirs(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), b.real, args...)
	cmd.Dir = b.dir
	for name, value := range b.vars {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("SOPS: %v: %v\n%s", args, err, stderr.String())
	}
	return stdout.String()
}

const (
	recipient1 = "age1ym9y2kmj7n2sw2jmpapp2qvmxa25c6xrmp2e38s4wvw7naq0tskqzu3dsz"
	recipient2 = "age15xqkuy709wy2qcrczm4h97t8dzfhktftnzyt4c5qdky0jdkq9pvq99kwyc"
	kmsKey     = "arn:aws:kms:us-east-1:111111111111:key/11111111-1111-4111-8111-000000000001"
)

// keyConfigs are creation rules without their selection.
var keyConfigs = map[string]string{
	"age": "age: " + recipient1,
	"kms": "kms: " + kmsKey,
	"groups": `shamir_threshold: 2
    key_groups:
      - age: [` + recipient1 + `]
      - kms: [{arn: "` + kmsKey + `", context: {App: web}}]
      - age: [` + recipient2 + `]`,
}

var selections = map[string]string{
	"plain":                     "",
	"unencrypted_suffix":        "unencrypted_suffix: _clear",
	"encrypted_suffix":          "encrypted_suffix: _secret",
	"unencrypted_regex":         "unencrypted_regex: '^(public|name)'",
	"encrypted_regex":           "encrypted_regex: '^(pass|token)'",
	"unencrypted_comment_regex": "unencrypted_comment_regex: 'sops:clear'",
	"encrypted_comment_regex":   "encrypted_comment_regex: 'sops:enc'",
	"mac_only_encrypted":        "encrypted_regex: '^(pass|token)'\n    mac_only_encrypted: true",
}

// samples have something for every selection to choose.
var samples = map[string]string{
	"f.yaml": `# top
name: web   # after
public_url: http://example.com
# sops:enc
password: "p w"
nested:
    token_secret: |
        two
        lines
    port: 0x1F90
    # sops:clear
    note_clear: 1.50
    empty: ""
    nothing: null
list_secret:
    - one
    - 2
    - {pass: true, when: 2001-12-14}
---
second: document
pass_phrase: ünïcode
`,
	"f.json": `{
  "name": "web",
  "password": "p \"w\"",
  "nested": {"token_secret": "x\ny", "port": 8080, "note_clear": 1.50, "empty": "", "nothing": null},
  "list_secret": ["one", 2, {"pass": true}]
}
`,
	"f.env": `# top
NAME=web
# sops:enc
password=p w
token_secret=two\nlines
note_clear=1
EMPTY=

public=yes
`,
	"f.ini": `; top
name = web

[nested]
; sops:enc
password = p w
token_secret = abc
note_clear=1
empty =
`,
	"f.bin": "\x00\x01binary\xff\n",
}

func TestBothProgramsReadEachOther(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, file := range sortedKeys(samples) {
		for _, keys := range sortedKeys(keyConfigs) {
			for _, selection := range sortedKeys(selections) {
				t.Run(file+"/"+keys+"/"+selection, func(t *testing.T) {
					b.bothWays(t, file, keyConfigs[keys], selections[selection])
				})
			}
		}
	}
}

func sortedKeys(m map[string]string) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// bothWays lets each program encrypt, lets the other read, change and give
// back, and compares what both of them print of the two files.
func (b *bench) bothWays(t *testing.T, file, keys, selection string) {
	b.write(t, file, samples[file])
	b.write(t, "conf.yaml", "creation_rules:\n  - "+keys+"\n    "+selection+"\n")
	ext := filepath.Ext(file)
	b.write(t, "ours"+ext, b.ours(t, "--config", "conf.yaml", "encrypt", file))
	b.write(t, "theirs"+ext, b.theirs(t, "--config", "conf.yaml", "encrypt", file))

	plain := b.theirs(t, "decrypt", "theirs"+ext)
	b.same(t, "SOPS reads both files alike", plain, b.theirs(t, "decrypt", "ours"+ext))
	b.same(t, "our file gives the source back", samples[file], b.ours(t, "decrypt", "ours"+ext))
	b.sameTree(t, "we read the file of SOPS as SOPS does", ext, plain, b.ours(t, "decrypt", "theirs"+ext))

	if ext == ".bin" {
		return // one value, which set cannot name in a way of its own
	}
	address, value := `["added_secret"]`, `"a new value"`
	if ext == ".ini" {
		address = `["nested"]["added_secret"]`
	}
	b.theirs(t, "set", "ours"+ext, address, value)
	b.ours(t, "set", "theirs"+ext, address, value)
	plain = b.theirs(t, "decrypt", "theirs"+ext)
	b.sameTree(t, "we read our file after SOPS changed it", ext, plain, b.ours(t, "decrypt", "ours"+ext))
	if !strings.Contains(plain, "a new value") {
		t.Errorf("SOPS does not see the value that we set:\n%s", plain)
	}
	b.ours(t, "rotate", "-i", "ours"+ext)
	b.sameTree(t, "SOPS reads our rotation of its rewrite", ext, plain, b.theirs(t, "decrypt", "ours"+ext))
}

func (b *bench) same(t *testing.T, what, want, got string) {
	t.Helper()
	if want != got {
		t.Errorf("%s (-want +got):\n%s", what, cmp.Diff(want, got))
	}
}

// sameTree compares two texts by what the real sops prints of them once it has
// encrypted both: only data counts then, not layout.
func (b *bench) sameTree(t *testing.T, what, ext, want, got string) {
	t.Helper()
	if want == got {
		return
	}
	var printed []string
	for i, text := range []string{want, got} {
		plain, enc := fmt.Sprintf("plain%d%s", i, ext), fmt.Sprintf("enc%d%s", i, ext)
		b.write(t, plain, text)
		b.write(t, enc, b.theirs(t, "--config", "/dev/null", "encrypt", "--age", recipient1, plain))
		printed = append(printed, b.theirs(t, "decrypt", enc))
	}
	b.same(t, what, printed[0], printed[1])
}
