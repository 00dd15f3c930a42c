package hint_test

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"
	"unicode"

	"github.com/seed-1f7fdfb8/sops/internal/hint"
)

// hostile are texts that command terminals, or look like other texts.
func hostile() []string {
	return []string{
		"\x1b[2J\x1b]0;x\x07", "a\rb", "a\nsops: hint: run me", "a\tb", "\u202eevil\u2066", "\u200b\ufeff\u2028\u2029\u00ad", "\x9b2J", "\u009b2J",
		"\U000e0041", "\x7f", "a b'; rm -rf $HOME.yaml", "-x.yaml", "$(id)", "`id`", "\\x41", "ünïcode ok", "",
	}
}

func TestCleanTextsCommandNothing(t *testing.T) {
	t.Parallel()
	for _, text := range hostile() {
		bad := func(r rune) bool {
			return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Bidi_Control)
		}
		if got := hint.Line(text); strings.ContainsFunc(got, bad) || strings.Contains(got, "\x9b") {
			t.Errorf("Line(%q) = %q", text, got)
		}
		kept := func(r rune) bool { return bad(r) && r != '\n' && r != '\t' }
		if got := hint.Clean(text); strings.ContainsFunc(got, kept) || strings.Count(got, "\n") != strings.Count(text, "\n") {
			t.Errorf("Clean(%q) = %q", text, got)
		}
	}
	for _, text := range []string{"ünïcode ok", "", "می\u200cخواهم", "👩\u200d💻"} {
		if got := hint.Line(text); got != text {
			t.Errorf("Line(%q) = %q", text, got)
		}
	}
}

func TestAWordIsOneWordOfAShell(t *testing.T) {
	t.Parallel()
	shell, err := exec.LookPath("bash") // $'...' is not of sh
	if err != nil {
		t.Log("there is no bash: only the forms are checked")
	}
	for _, text := range hostile() {
		word := hint.Path(text)
		if strings.ContainsFunc(word, unicode.IsControl) {
			t.Errorf("Path(%q) = %q", text, word)
		}
		if shell == "" {
			continue
		}
		out, err := exec.Command(shell, "-c", "printf %s "+word).Output()
		want := text
		if strings.HasPrefix(text, "-") {
			want = "./" + text
		}
		if err != nil || string(out) != want {
			t.Errorf("Path(%q) = %s, which is %q to a shell, %v", text, word, out, err)
		}
	}
	for text, want := range map[string]string{
		"a/b.yaml": "a/b.yaml", "": "''", "a b": "'a b'", "it's": `'it'\''s'`, "x;y": "'x;y'", "-x.yaml": "./-x.yaml",
	} {
		if got := hint.Path(text); got != want {
			t.Errorf("Path(%q) = %s, want %s", text, got, want)
		}
	}
}

func TestJSONHidesNothingAndIsTheSame(t *testing.T) {
	t.Parallel()
	for _, text := range hostile() {
		text = strings.ToValidUTF8(text, "?")
		var b strings.Builder
		if err := hint.EncodeJSON(&b, map[string]string{text: text}, ""); err != nil {
			t.Fatal(err)
		}
		var back map[string]string
		if err := json.Unmarshal([]byte(b.String()), &back); err != nil || back[text] != text {
			t.Errorf("%q became %s: %v", text, b.String(), err)
		}
		if line := strings.TrimSuffix(b.String(), "\n"); hint.Line(line) != line {
			t.Errorf("%q became %q", text, line)
		}
	}
}
