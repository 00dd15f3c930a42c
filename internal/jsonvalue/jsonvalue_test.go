package jsonvalue

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/seed-1f7fdfb8/sops/tree"
)

func TestValuesKeepTheirTypes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]tree.Value{
		`"x"`:                  tree.StringValue("x"),
		` "a\u00e4\n" `:        tree.StringValue("aä\n"),
		`1`:                    tree.IntValue(1),
		`-9223372036854775808`: tree.IntValue(-1 << 63),
		`9007199254740993`:     tree.IntValue(9007199254740993),
		`1.0`:                  tree.FloatValue(1),
		`1e3`:                  tree.FloatValue(1000),
		`true`:                 tree.BoolValue(true),
		`null`:                 {},
	} {
		n, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if s, ok := n.(*tree.Scalar); !ok || s.Value != want {
			t.Errorf("%s is %v, want the %s %q", text, n, want.Type(), want.Canonical())
		}
	}
}

func TestValuesThatAreRefused(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		``:                        "it ends too early",
		`canary`:                  "at byte",
		`"canary`:                 "it ends too early",
		`"canary" "canary"`:       "there is text after it",
		`{"canary": `:             "it ends too early",
		`{1: "canary"}`:           "at byte",
		"\"canary\xff\"":          "it is not UTF-8",
		`99999999999999999999`:    "does not fit in 64 bits",
		`1e999`:                   "does not fit in a 64-bit float",
		strings.Repeat("[", 2000): "more than 1000 levels deep",
	} {
		_, err := Parse(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, want %q", text, err, want)
			continue
		}
		if strings.Contains(err.Error(), "canary") {
			t.Errorf("%.40q: the error shows the value: %v", text, err)
		}
	}
}

// Whatever is refused is no JSON, no UTF-8, too deep, or holds a number that
// does not fit; whatever is accepted is JSON.
func FuzzParseValueAcceptsOnlyJSON(f *testing.F) {
	for _, seed := range []string{`"x"`, `{"a": [1, 2.5, null, true]}`, `[`, `{"a" 1}`, `1 2`, "\"\xff\"", `{"a":1,"a":2}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, err := Parse(text)
		valid := json.Valid([]byte(text)) && utf8.ValidString(text)
		if err == nil && !valid {
			t.Errorf("%q was accepted", text)
		}
		if err != nil && valid && !strings.Contains(err.Error(), "does not fit") && !strings.Contains(err.Error(), "levels deep") {
			t.Errorf("%q was refused: %v", text, err)
		}
	})
}
