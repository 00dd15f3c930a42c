package yamltext

import (
	"errors"
	"strings"
	"testing"
)

func TestErrorsSayWhereWhatWasExpected(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text         string
		line, column int
		want         string
	}{
		{"a: b\nc: [1, 2\n", 3, 1, `"," or "]"`},
		{"a: {b: 1\nc: 2}\n", 2, 2, `"," or "}"`},
		{"a: b\n\tc: d\n", 2, 1, "spaces for indentation"},
		{"a:\n\tb: c\n", 2, 1, "spaces for indentation"},
		{"a: b: c\n", 1, 5, "a line break or a comment"},
		{"a: - b\n", 1, 4, "an entry of a block sequence must begin its line"},
		{"a: 1\nb\n", 3, 1, `":" after the key on line 2`},
		{"- a\nb: c\n", 2, 1, `"-" for the next entry`},
		{"  a: 1\n b: 2\n", 2, 2, `"---" before another document`},
		{"a:\n   b: 1\n  c: 2\n", 3, 3, "the next key of the block mapping"},
		{"é: \"x\n", 1, 4, "a closing quote"},
		{"a: 'x\n---\n", 2, 1, "a closing quote before the document marker"},
		{"a: \"\\q\"\n", 1, 5, "an escape sequence"},
		{"a: \"\\u12\"\n", 1, 5, "4 hexadecimal digits"},
		{"a: \"\\ud800\"\n", 1, 5, "the code of a Unicode character"},
		{"a: *b\n", 1, 4, "the name of an anchor that is above"},
		{"a: &b.c d\n", 1, 6, "a name of letters, digits"},
		{"a: !b!c d\n", 1, 4, "a handle that a %TAG directive declares"},
		{"a: @b\n", 1, 4, "quotes around a value that starts with a reserved indicator"},
		{"a: |x\n", 1, 5, "after the header of a block scalar"},
		{"a: |0\n", 1, 5, "an indentation indicator from 1 to 9"},
		{"%YAML 1.2\n---\na\n", 1, 1, "version 1.1"},
		{"%FOO\n---\na\n", 1, 1, "a %YAML or %TAG directive"},
		{"a\n...\nb\n", 3, 1, `"---" before another document`},
		{"a: \x01\n", 1, 4, "a printable character"},
		{"a: \xff\n", 1, 4, "valid UTF-8"},
		{"00000\xff00", 1, 6, "valid UTF-8"},
		{"a: 12345\x7f789012345\n", 1, 9, "a printable character"},
		{"a: 12345678\x1f9012345\n", 1, 12, "a printable character"},
	}
	for _, tt := range tests {
		_, err := Parse(tt.text)
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%q: got %v", tt.text, err)
			continue
		}
		if e.Line != tt.line || e.Column != tt.column || !strings.Contains(e.Want, tt.want) {
			t.Errorf("%q: got %v, want %s at %d:%d", tt.text, e, tt.want, tt.line, tt.column)
		}
	}
}

// TestErrorsHoldNoText: what was expected is said in fixed words, so that no
// secret is in it.
func TestErrorsHoldNoText(t *testing.T) {
	t.Parallel()
	const secret = "Qx7secretQ"
	for _, before := range befores {
		for _, after := range afters {
			for _, middle := range []string{"k: [" + secret + "\n", "k: \"" + secret + "\\q\"\n", "&" + secret + ". x\n", "!" + secret + "!x y\n", "*" + secret + "\n", "%" + secret + "\n"} {
				if _, err := Parse(before + middle + after); err != nil && strings.Contains(err.Error(), secret) {
					t.Errorf("%q: %v", before+middle+after, err)
				}
			}
		}
	}
}

// TestEveryByteIsLookedAt: eight bytes are tested at once, so each byte is put at
// each place of eight.
func TestEveryByteIsLookedAt(t *testing.T) {
	t.Parallel()
	for c := range 256 {
		for at := range 16 {
			text := []byte("\"aaaaaaaaaaaaaaaaaaaaaa\"")
			text[at+1] = byte(c)
			if d := disagreement(string(text), true); d != "" {
				t.Errorf("%q: %s", text, d)
			}
		}
	}
}
