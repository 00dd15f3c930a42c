package hint_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode"

	"github.com/seed-1f7fdfb8/sops/internal/hint"
)

func FuzzNoErrorCommandsTheTerminal(f *testing.F) {
	f.Add("plain", "hint")
	f.Add("\x1b]0;title\x07", "\u009b2J")
	f.Add("a\nb", "\xff\xfe")
	f.Fuzz(func(t *testing.T, text, advise string) {
		var b strings.Builder
		if err := hint.Print(&b, advice{text, advise}, hint.Options{}); err != nil {
			t.Fatal(err)
		}
		for _, r := range b.String() {
			if unicode.IsControl(r) && r != '\n' && r != '\t' {
				t.Fatalf("%q, %q printed %q", text, advise, b.String())
			}
		}
	})
}

func FuzzEachErrorIsOneLineOfJSON(f *testing.F) {
	f.Add("one", "two")
	f.Add("a\nb", "\x1b\u2028<&>")
	f.Fuzz(func(t *testing.T, one, two string) {
		var b strings.Builder
		if err := hint.Print(&b, errors.Join(errors.New(one), errors.New(two)), hint.Options{JSON: true}); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
		if len(lines) != 2 || !json.Valid([]byte(lines[0])) || !json.Valid([]byte(lines[1])) {
			t.Fatalf("%q, %q printed %q", one, two, b.String())
		}
	})
}
