package laws_test

import (
	"strings"
	"testing"

	"github.com/seed-1f7fdfb8/sops/format"
)

// broken are texts of each format; WORD is at the places of values.
var broken = map[string][]string{
	"yaml": append([]string{
		"a: *WORD\n", "*WORD : a\n", "a: [*WORD]\n", "a: &WORD [*WORD]\n", "a: \"WORD\n", "a: 'WORD\n", "a: [WORD\n", "a: {WORD\n",
		"a: b: WORD\n", "a: @WORD\n", "a: %WORD\n", "a: `WORD\n", "a: \"\\WORD\"\n", "a: \"\\xWORD\"\n", "a: !h!WORD x\n", "a: !<WORD x\n", "a: !WORD^ x\n",
		"%WORD\n---\na: b\n", "%TAG WORD\n---\na: b\n", "%YAML WORD\n---\na: b\n", "a: !!int WORD\n", "a: !!float WORD\n", "a: !!bool WORD\n",
		"a: !!timestamp WORD\n", "a: !!binary WORD-\n", "<<: WORD\n", "<<: [WORD]\n", "a:\n\tWORD\n", "- WORD\n", "WORD\n", "a: |x WORD\n", "a: |\n x\nWORD\n",
		"a: b\n...\nWORD\n", "1: WORD\n", "? [WORD]\n: x\n", "? {WORD: x}\n: x\n", "a: WORD\n b: c\n", "a: \x00WORD\n", "a: WORD\xff\n", "a: &a &WORD x\n", "a: !x !WORD y\n",
		"a: 1\na: WORD\n", "a: b\n-WORD\n", "a: \"x\" WORD\n", "a: [x] WORD\n", "a: 'x'WORD\n",
	}, typed...),
	"json": {
		`{"a": "WORD`, `{"a": WORD}`, `{"a": 'WORD'}`, `{"a": "WORD" "b"}`, `{"a": "\\qWORD"}`, `{"a": "x\uWORD"}`, `{"a": ["WORD"}`, `{"a": "WORD"} WORD`, `["WORD"]`, `"WORD"`, `WORD`,
		`{"a": 1WORD}`, `{"a": tWORD}`, `{"a": /*WORD*/ 1}`, "{\"a\": \"WORD\x00\"}", `{"a": "b",}WORD`,
	},
	"dotenv": {"WORD\n", "A=1\nWORD\n", "A=\"x\nWORD\"\n", "export A WORD\n", " WORD\n"},
	"ini": {
		"[WORD\n", "[]WORD\n", "WORD\n", "[s]\nWORD\n", "[s]\na = \"\"\"WORD\n", "[s]\na = `WORD\n", "= WORD\n", "[s]\n\"WORD\n", "[s]\na = x\n  WORD\n",
		"[s]\n`WORD\n", "[s]\n\"\"\"WORD = x\n",
	},
}

// TestNoErrorShowsAValue breaks every text at every place: whatever the parsers
// then say, they do not repeat it.
func TestNoErrorShowsAValue(t *testing.T) {
	t.Parallel()
	for name, texts := range broken {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := lawFormatNamed(t, name)
			failed := 0
			for _, text := range texts {
				text = strings.ReplaceAll(text, "WORD", "Passw0rd")
				for i := range len(text) + 1 {
					failed += checkErrors(t, f, text[:i])
					if i < len(text) {
						failed += checkErrors(t, f, text[:i]+text[i+1:])
					}
					for _, c := range "\"'[]{}:,#&*!|>%@=;\\\t\n\x00" {
						failed += checkErrors(t, f, text[:i]+string(c)+text[i:])
					}
				}
			}
			if failed < 100 {
				t.Errorf("%d texts were refused: too few to show anything", failed)
			}
		})
	}
}

// checkErrors returns the number of errors.
func checkErrors(t *testing.T, f format.Format, text string) int {
	t.Helper()
	_, err := f.Parse([]byte(text))
	if err == nil {
		return 0
	}
	hints, _ := err.(interface{ Hints() []string })
	shown := err.Error()
	if hints != nil {
		shown += strings.Join(hints.Hints(), " ")
	}
	// Keys are no secrets: a duplicate one is named.
	if !strings.Contains(shown, "appears twice") && (strings.Contains(shown, "assw0") || strings.Contains(shown, "w0rd")) {
		t.Errorf("%q: %s", text, shown)
	}
	return 1
}
