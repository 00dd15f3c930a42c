package laws_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// typed are YAML texts in which the word WORD was typed where a value is, but
// reads as something else.
var typed = []string{
	"password: !WORD\n",
	"password: &WORD\n",
	"password: !WORD x\n",
	"password: &WORD x\n",
	"password: &WORD x\nsame: *WORD\n",
	"password: &a !WORD x\n",
	"password: !WORD &a x\n",
	"password: !WORD ''\n",
	"password: !WORD null\n",
	"password: !!WORD x\n",
	"password: !<WORD> x\n",
	"password: !<tag:example.org,2000:WORD> \"x\"\n",
	"%TAG !p! tag:example.org,2000:\n---\npassword: !p!WORD x\n",
	"password: !WORD\n  x\n",
	"password: !WORD # why\n  x\n",
	"password: !WORD |\n  x\n  y\n",
	"password: &WORD >+\n  x\n\n",
	"password: !WORD |+\n\n\n",
	"password: !WORD 12\n",
	"password: !WORD 'x' # why\n",
	"list:\n  - !WORD\n  - &WORD\n",
	"list:\n- !WORD x\n- &WORD y\n",
	"list: [!WORD x, &WORD y, z]\n",
	"map: {a: !WORD x, b: &WORD y}\n",
	"map: {a: !WORD , b: z}\n",
	"password: !WORD [x]\n",
	"password: !WORD {k: x}\n",
	"password: !WORD\n  k: x\n",
	"password: !WORD\n  - x\n",
	"nested: !WORD [!WORD [!WORD x]]\n",
	"a: 1\n---\npassword: !WORD\n",
	"a: 1\n---\npassword: &WORD x\n...\n",
	"password: x # WORD\n",
	"# WORD\npassword: x\n",
	"password: | # WORD\n  x\n",
	"password: x\n# WORD\n",
	"%YAML 1.1 # WORD\n---\npassword: x\n",
	"%YAML 1.1\n# WORD\n---\npassword: x\n",
	"# WORD\n%YAML 1.1\n# WORD\n%TAG !p! tag:x: # WORD\n# WORD\n--- # WORD\npassword: x\n... # WORD\n",
	"password: x\n...\n# WORD\n%YAML 1.1\n# WORD\n---\nb: y\n",
	"--- # WORD\npassword: x\n--- # WORD\n# WORD\n",
	"password: [x # WORD\n  , y]\n",
	"? password # WORD\n: x\n",
	"password:\n  # WORD\n  - x\n  # WORD\n",
	"password: ! WORD\n",
	"password: \"WO\\\n  RD WORD\"\n",
	"password: x\n  WORD\n",
}

func TestWhatWasTypedAsAValueIsNowhereReadable(t *testing.T) {
	t.Parallel()
	const secret = "Passw0rd"
	f := formatFor(t, "x.yaml")
	for _, text := range typed {
		for what, src := range map[string]string{
			"as it is": text, "crlf": strings.ReplaceAll(text, "\n", "\r\n"), "no newline": strings.TrimSuffix(text, "\n"),
		} {
			src := strings.ReplaceAll(src, "WORD", secret)
			c, err := encryptText(t, f, []byte(src))
			if err != nil {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("%q: the error shows the value: %v", src, err)
				}
				t.Errorf("%q (%s): %v", src, what, err)
				continue
			}
			if bytes.Contains(c.encrypted, []byte(secret)) {
				t.Errorf("%q (%s) is readable in\n%s", src, what, bodyOf(t, f, c.encrypted))
			}
			o, err := c.open(c.encrypted)
			if err != nil {
				t.Errorf("%q: %v", src, err)
				continue
			}
			if string(plainOf(o)) != src {
				t.Errorf("%q came back as %q", src, plainOf(o))
			}
		}
	}
}

// TestATokenIsAllOfItsValue: other readers want a token and nothing else, and
// refuse a file with a tag that they do not know.
func TestATokenIsAllOfItsValue(t *testing.T) {
	t.Parallel()
	f := formatFor(t, "x.yaml")
	for _, head := range []string{"|", "|+", "|-", ">", ">+", ">-", "|2", "|2+", ">2", "|1-", "!x |", "&a >+", "| # why"} {
		for _, body := range []string{"  x\n", "  x\n  y\n", "  x\n\n", "  x\n\n\n", "\n  x\n", "   x\n  y\n", "\n\n"} {
			for _, tail := range []string{"", "b: c\n", "# end\n"} {
				checkToken(t, f, "a: "+head+"\n"+body+tail)
				checkToken(t, f, strings.TrimSuffix("l:\n- "+head+"\n"+body+tail, "\n"))
			}
		}
	}
}

func checkToken(t *testing.T, f format.Format, src string) {
	t.Helper()
	c, err := encryptText(t, f, []byte(src))
	if err != nil {
		if _, parse := f.Parse([]byte(src)); parse == nil {
			t.Errorf("%q: %v", src, err)
		}
		return
	}
	if err := onlyTokens(f, c.encrypted); err != nil {
		t.Errorf("%q: %v in\n%s", src, err, bodyOf(t, f, c.encrypted))
	}
	o, err := c.open(c.encrypted)
	if err != nil || string(plainOf(o)) != src {
		t.Errorf("%q came back as %q, %v", src, plainOf(o), err)
	}
	bare, err := withLayout(c, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.open(bare); err != nil {
		t.Errorf("%q without its layout: %v", src, err)
	}
}

// onlyTokens reports a value that has more than its token, a break or a tag.
func onlyTokens(f format.Format, encrypted []byte) error {
	d, err := f.ParseEncrypted(encrypted)
	if err != nil {
		return err
	}
	body, err := d.Unmask(make([]format.Plain, d.Leaves()), nil)
	if err != nil {
		return err
	}
	for _, m := range d.Trees() {
		tree.Each(m, func(n tree.Node) {
			s, ok := n.(*tree.Scalar)
			if !ok {
				return
			}
			if text := s.Value.Str(); strings.HasPrefix(text, "ENC[") && !strings.HasSuffix(text, "]") {
				err = fmt.Errorf("line %d: something follows the token", d.Line(s.Ref))
			}
		})
	}
	if bytes.Contains(body, []byte("!x")) {
		err = errors.New("a tag stays")
	}
	return err
}
