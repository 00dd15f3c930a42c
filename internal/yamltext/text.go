package yamltext

import (
	"strings"
	"unicode/utf8"
)

const byteOrderMark = "\ufeff"

// Classes of bytes. A byte that may begin a line break of more than one byte is
// marked like a break: BreakLen has the last word.
const (
	isBlankClass  = 1 << iota // space, tab
	maybeBreak                // LF, CR, and the first byte of U+0085, U+2028, U+2029
	flowSign                  // , ? [ ] { }
	plainColon                // :
	notPlainStart             // cannot begin a plain scalar, whatever follows
	wordClass                 // letters, digits, - and _
	needsCheck                // control characters and bytes beyond ASCII
	quoteStop                 // ' " \
)

var class = func() (c [256]uint8) {
	set := func(bits uint8, chars string) {
		for i := range len(chars) {
			c[chars[i]] |= bits
		}
	}
	set(isBlankClass, " \t")
	set(maybeBreak, "\n\r\xC2\xE2")
	set(flowSign, ",?[]{}")
	set(plainColon, ":")
	set(notPlainStart, "-?:,[]{}#&*!|>'\"%@` \t\n\r")
	set(wordClass, "-_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
	set(quoteStop, "'\"\\")
	for i := range c {
		if i < ' ' && i != '\t' && i != '\n' && i != '\r' || i >= 0x7f {
			c[i] |= needsCheck
		}
	}
	return c
}()

func isBlank(c byte) bool { return c == ' ' || c == '\t' }
func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// BreakLen returns the length of the line break at i, 0 if there is none. YAML
// 1.1 knows LF, CR, CRLF, NEL, LS and PS.
func BreakLen(text string, i int) int {
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
		if i+2 < len(text) && text[i+1] == 0x80 && text[i+2]|1 == 0xA9 {
			return 3
		}
	}
	return 0
}

// endsToken reports whether a blank, a line break or the end of the text is at i.
func endsToken(text string, i int) bool {
	if i >= len(text) {
		return true
	}
	c := class[text[i]]
	return c&isBlankClass != 0 || c&maybeBreak != 0 && BreakLen(text, i) > 0
}

// lineEnd returns where the line of i ends, before its break.
func lineEnd(text string, i int) int {
	for ; i < len(text); i++ {
		if class[text[i]]&maybeBreak != 0 && BreakLen(text, i) > 0 {
			return i
		}
	}
	return i
}

// A survey is what a first look at a text finds.
type survey struct {
	ascii bool // it has only ASCII
	feeds bool // LF is its only line break
	bad   int  // where a character is that no text may have, -1 if there is none
	want  string
}

// Masks to test eight bytes at once.
const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// look finds what no YAML text may have: control characters and malformed UTF-8.
func look(text string) survey {
	v := survey{ascii: true, feeds: true, bad: -1}
	i := 0
	for i < len(text) {
		if i+8 <= len(text) {
			w := uint64(text[i]) | uint64(text[i+1])<<8 | uint64(text[i+2])<<16 | uint64(text[i+3])<<24 |
				uint64(text[i+4])<<32 | uint64(text[i+5])<<40 | uint64(text[i+6])<<48 | uint64(text[i+7])<<56
			// No byte is below a blank, and none is DEL or above.
			if ((w-0x20*ones)|w|(w+ones))&highs == 0 {
				i += 8
				continue
			}
		}
		for end := min(i+8, len(text)); i < end; {
			if class[text[i]]&needsCheck == 0 {
				v.feeds = v.feeds && text[i] != '\r'
				i++
				continue
			}
			n := v.rune(text, i)
			if n == 0 {
				return v
			}
			i += n
		}
	}
	return v
}

// rune looks at one character; it returns its length, 0 if it must not be there.
func (v *survey) rune(text string, i int) int {
	r, n := utf8.DecodeRuneInString(text[i:])
	switch {
	case r == utf8.RuneError && n <= 1:
		v.bad, v.want = i, "a character in valid UTF-8"
		return 0
	case r < 0xA0 && r != 0x85, r == 0xFFFE, r == 0xFFFF:
		v.bad, v.want = i, "a printable character; control characters must be escaped in double quotes"
		return 0
	case r == 0x85, r == 0x2028, r == 0x2029:
		v.feeds = false
	}
	v.ascii = false
	return n
}

// isMarker reports whether the line that begins at i is a document marker made
// of three signs.
func isMarker(text string, i int, sign byte) bool {
	return i+3 <= len(text) && text[i] == sign && text[i+1] == sign && text[i+2] == sign && endsToken(text, i+3)
}

func anyMarker(text string, i int) bool {
	return isMarker(text, i, '-') || isMarker(text, i, '.')
}

// lineEnd is the function of this name, faster.
func (s *scanner) lineEnd(i int) int {
	if !s.survey.feeds {
		return lineEnd(s.text, i)
	}
	if n := strings.IndexByte(s.text[i:], '\n'); n >= 0 {
		return i + n
	}
	return len(s.text)
}

// Position returns the line and column of a byte, from 1. Columns count
// characters.
func (f *File) Position(at int) (line, column int) { return position(f.Text, at) }

func position(text string, at int) (line, column int) {
	at = min(max(at, 0), len(text))
	line, start := 1, 0
	for i := 0; i < at; {
		n := BreakLen(text, i)
		if n == 0 {
			i++
			continue
		}
		if i += n; i <= at {
			line, start = line+1, i
		}
	}
	head := text[start:at]
	if line == 1 {
		head = strings.TrimPrefix(head, byteOrderMark)
	}
	return line, utf8.RuneCountInString(head) + 1
}

func runes(s string) int { return utf8.RuneCountInString(s) }
