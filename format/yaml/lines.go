package yaml

import "bytes"

const byteOrderMark = "\ufeff"

// breakAt returns the length of the line break at i, 0 if there is none. YAML 1.1
// knows five: LF, CR, CRLF, and the Unicode ones U+0085, U+2028 and U+2029.
func breakAt(text []byte, i int) int {
	if i >= len(text) {
		return 0
	}
	switch text[i] {
	case '\n':
		return 1
	case '\r':
		if i+1 < len(text) && text[i+1] == '\n' {
			return 2
		}
		return 1
	case 0xC2:
		if i+1 < len(text) && text[i+1] == 0x85 {
			return 2
		}
	case 0xE2:
		if i+2 < len(text) && text[i+1] == 0x80 && (text[i+2] == 0xA8 || text[i+2] == 0xA9) {
			return 3
		}
	}
	return 0
}

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
