package yaml

import (
	"bytes"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/internal/yamltext"
)

const byteOrderMark = "\ufeff"

// breakAt returns the length of the line break at i, 0 if there is none.
func breakAt(text []byte, i int) int { return yamltext.BreakLen(format.Text(text), i) }

// lineEnd returns where the line of offset i ends, before its break.
func lineEnd(text []byte, i int) int {
	for i < len(text) && breakAt(text, i) == 0 {
		i++
	}
	return i
}

// afterBreak returns where the next line begins.
func afterBreak(text []byte, i int) int {
	i = lineEnd(text, i)
	return i + breakAt(text, i)
}

// lineStart returns where the line of offset i begins.
func lineStart(text []byte, i int) int {
	for i > 0 && !endsInBreak(text[:i]) {
		i--
	}
	return i
}

// endsInBreak reports whether text ends in a line break.
func endsInBreak(text []byte) bool {
	n := len(text)
	switch {
	case n == 0:
		return false
	case text[n-1] == '\n' || text[n-1] == '\r':
		return true
	case n >= 2 && text[n-2] == 0xC2 && text[n-1] == 0x85:
		return true
	}
	return n >= 3 && breakAt(text, n-3) == 3
}

// beforeBreak returns i without the line break that ends there.
func beforeBreak(text []byte, i int) int {
	for _, n := range []int{2, 1, 3} {
		if i >= n && breakAt(text, i-n) == n {
			return i - n
		}
	}
	return i
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

func skipBlanks(text []byte, i int) int {
	for i < len(text) && isBlank(text[i]) {
		i++
	}
	return i
}

// gap steps over blanks, comments and breaks.
func gap(text []byte, i int) int {
	for i < len(text) {
		switch n := breakAt(text, i); {
		case n > 0:
			i += n
		case isBlank(text[i]):
			i++
		case text[i] == '#':
			i = lineEnd(text, i)
		default:
			return i
		}
	}
	return i
}

func newlineOf(src []byte) string {
	i := bytes.IndexByte(src, '\n')
	if i > 0 && src[i-1] == '\r' {
		return "\r\n"
	}
	if i < 0 && bytes.IndexByte(src, '\r') >= 0 {
		return "\r"
	}
	return "\n"
}
