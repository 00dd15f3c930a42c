// Package lines finds lines, and what is on them, in the text of YAML.
package lines

import (
	"bytes"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/internal/yamltext"
)

// ByteOrderMark may begin a text.
const ByteOrderMark = "\ufeff"

// BreakAt returns the length of the line break at i, 0 if there is none.
func BreakAt(text []byte, i int) int { return yamltext.BreakLen(format.Text(text), i) }

// End returns where the line of offset i ends, before its break.
func End(text []byte, i int) int {
	for i < len(text) && BreakAt(text, i) == 0 {
		i++
	}
	return i
}

// After returns where the next line begins.
func After(text []byte, i int) int {
	i = End(text, i)
	return i + BreakAt(text, i)
}

// Start returns where the line of offset i begins.
func Start(text []byte, i int) int {
	for i > 0 && !EndsInBreak(text[:i]) {
		i--
	}
	return i
}

// EndsInBreak reports whether text ends in a line break.
func EndsInBreak(text []byte) bool {
	n := len(text)
	switch {
	case n == 0:
		return false
	case text[n-1] == '\n' || text[n-1] == '\r':
		return true
	case n >= 2 && text[n-2] == 0xC2 && text[n-1] == 0x85:
		return true
	}
	return n >= 3 && BreakAt(text, n-3) == 3
}

// Before returns i without the line break that ends there.
func Before(text []byte, i int) int {
	for _, n := range []int{2, 1, 3} {
		if i >= n && BreakAt(text, i-n) == n {
			return i - n
		}
	}
	return i
}

// IsBlank reports whether c is a space or a tab.
func IsBlank(c byte) bool { return c == ' ' || c == '\t' }

// SkipBlanks returns where the blanks at i end.
func SkipBlanks(text []byte, i int) int {
	for i < len(text) && IsBlank(text[i]) {
		i++
	}
	return i
}

// Gap steps over blanks, comments and breaks.
func Gap(text []byte, i int) int {
	for i < len(text) {
		switch n := BreakAt(text, i); {
		case n > 0:
			i += n
		case IsBlank(text[i]):
			i++
		case text[i] == '#':
			i = End(text, i)
		default:
			return i
		}
	}
	return i
}

// Newline returns the line break that src uses.
func Newline(src []byte) string {
	i := bytes.IndexByte(src, '\n')
	if i > 0 && src[i-1] == '\r' {
		return "\r\n"
	}
	if i < 0 && bytes.IndexByte(src, '\r') >= 0 {
		return "\r"
	}
	return "\n"
}
