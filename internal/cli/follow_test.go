package cli_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/seed-1f7fdfb8/sops/devkms"
)

// followRules are the six kinds of selection and none: by each a value at
// "secret" is encrypted or not, with a comment above it that may decide.
var followRules = []struct {
	rule           string // of .sops.yaml
	flag           string // of the file; "" is the default
	secret, public bool   // whether "secret" and "public" are encrypted
}{
	{"", "", true, true},
	{"unencrypted_suffix: ic", "--unencrypted-suffix=ic", true, false},
	{"encrypted_suffix: ret", "--encrypted-suffix=ret", true, false},
	{"unencrypted_regex: ^pub", "--unencrypted-regex=^pub", true, false},
	{"encrypted_regex: ^sec", "--encrypted-regex=^sec", true, false},
	{"unencrypted_comment_regex: OPEN", "--unencrypted-comment-regex=OPEN", true, false},
	{"encrypted_comment_regex: HIDE", "--encrypted-comment-regex=HIDE", true, false},
	{"encrypted_regex: ^other$", "--encrypted-regex=^other$", false, false},
}

var sealLine = regexp.MustCompile(`(?m)^    seal: .*\n`)

const followText = "# HIDE\nsecret: old\n# OPEN\npublic: old\nlist:\n    - 1\n    - 2\n"

// TestNoValueIsWrittenUnencryptedThatTheCreationRuleWouldEncrypt goes over all pairs
// of selections of rule and file, the commands that change values, and encrypted and
// bare files.
func TestNoValueIsWrittenUnencryptedThatTheCreationRuleWouldEncrypt(t *testing.T) {
	t.Parallel()
	server := devkms.Start(t, nil)
	for _, wanted := range followRules {
		t.Run(wanted.rule, func(t *testing.T) {
			t.Parallel()
			b := newKeyBench(t, server)
			editor := filepath.Join(b.dir, "ed")
			b.write(t, "ed", "#!/bin/sh\ncp "+filepath.Join(b.dir, "new.yaml")+" \"$1\"\n")
			if err := os.Chmod(editor, 0o700); err != nil {
				t.Fatal(err)
			}
			b.vars["EDITOR"] = editor
			for _, file := range followRules {
				b.write(t, ".sops.yaml", "creation_rules: []\n")
				b.write(t, "plain.yaml", followText)
				args := []string{"encrypt", "--output", "made.yaml", "--age", setKeys[3].Identity()}
				if file.flag != "" {
					args = append(args, file.flag)
				}
				b.must(t, append(args, "plain.yaml")...)
				made := string(b.read(t, "made.yaml"))
				bare := sealLine.ReplaceAllString(made, "")
				b.write(t, ".sops.yaml", "creation_rules:\n  - age: "+setKeys[3].Identity()+"\n    "+wanted.rule+"\n")
				for _, at := range []string{"secret", "public"} {
					wants, has := wanted.secret, file.secret
					if at == "public" {
						wants, has = wanted.public, file.public
					}
					for i, text := range []string{made, bare} {
						what := fmt.Sprintf("rule %q, file %q, %s, bare %d", wanted.rule, file.flag, at, i)
						b.changes(t, what, text, at, wants && !has)
					}
				}
			}
		})
	}
}

// changes makes a change in three ways, which must be refused or not.
func (b *keyBench) changes(t *testing.T, what, text, at string, refused bool) {
	t.Helper()
	b.write(t, "new.yaml", strings.Replace(followText, at+": old", at+": new", 1))
	for _, args := range [][]string{
		{"set", "made.yaml", `["` + at + `"]`, `"new"`},
		{"edit", "made.yaml"},
		{"encrypt", "--onto", "made.yaml", "new.yaml"},
	} {
		b.write(t, "made.yaml", text)
		status, _, stderr := b.run(t, args...)
		if (status != 0) != refused {
			t.Errorf("%s: %v: exit %d, refused %t\n%s", what, args, status, refused, stderr)
			continue
		}
		after := string(b.read(t, "made.yaml"))
		if !refused {
			continue
		}
		if after != text {
			t.Errorf("%s: %v: the file was changed", what, args)
		}
		for _, want := range []string{`"` + at + `" would be written unencrypted`, "--follow-file", "sops decrypt made.yaml | sops encrypt --filename-override made.yaml --output made.yaml"} {
			if !strings.Contains(stderr, want) {
				t.Errorf("%s: %v: %q is not in\n%s", what, args, want, stderr)
			}
		}
		b.must(t, append([]string{args[0], "--follow-file"}, args[1:]...)...)
		if !strings.Contains(string(b.read(t, "made.yaml")), at+": new") {
			t.Errorf("%s: %v --follow-file: the value is not readable", what, args)
		}
	}
}
