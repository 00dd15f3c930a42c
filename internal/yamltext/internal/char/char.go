// Package char knows the characters of YAML: which may be where, what ends a line,
// and where a line and a column are.
package char

import (
	"strings"
	"unicode/utf8"
)

// ByteOrderMark is the character that may begin a text.
const ByteOrderMark = "\ufeff"

// Classes of bytes. A byte that may begin a line break of more than one byte is
// marked like a break: BreakLen has the last word.
const (
	Blank         = 1 << iota // space, tab
	Break                     // LF, CR, and the first byte of U+0085, U+2028, U+2029
	FlowSign                  // , ? [ ] { }
	Colon                     // :
	NotPlainStart             // cannot begin a plain scalar, whatever follows
	Word                      // letters, digits, - and _
	needsCheck                // control characters and bytes beyond ASCII
	QuoteStop                 // ' " \
)

// Class has the classes of each byte.
var Class = func() (c [256]uint8) {
	set := func(bits uint8, chars string) {
		for i := range len(chars) {
			c[chars[i]] |= bits
		}
	}
	set(Blank, " \t")
	set(Break, "\n\r\xC2\xE2")
	set(FlowSign, ",?[]{}")
	set(Colon, ":")
	set(NotPlainStart, "-?:,[]{}#&*!|>'\"%@` \t\n\r")
	set(Word, "-_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
	set(QuoteStop, "'\"\\")
	for i := range c {
		if i < ' ' && i != '\t' && i != '\n' && i != '\r' || i >= 0x7f {
			c[i] |= needsCheck
		}
	}
	return c
}()

// IsBlank reports whether c is a space or a tab.
func IsBlank(c byte) bool { return c == ' ' || c == '\t' }

// IsDigit reports whether c is a decimal digit.
func IsDigit(c byte) bool { return '0' <= c && c <= '9' }

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

// EndsToken reports whether a blank, a line break or the end of the text is at i.
func EndsToken(text string, i int) bool {
	if i >= len(text) {
		return true
	}
	c := Class[text[i]]
	return c&Blank != 0 || c&Break != 0 && BreakLen(text, i) > 0
}

// LineEnd returns where the line of i ends, before its break.
func LineEnd(text string, i int) int {
	for ; i < len(text); i++ {
		if Class[text[i]]&Break != 0 && BreakLen(text, i) > 0 {
			return i
		}
	}
	return i
}

// HasMark reports whether text begins with a byte order mark.
func HasMark(text string) bool { return strings.HasPrefix(text, ByteOrderMark) }

// BreakText returns what a line break means: LS and PS are themselves.
func BreakText(br string) string {
	if len(br) == 3 {
		return br
	}
	return "\n"
}

// HexDigit returns what a hexadecimal digit means, -1 for other characters.
func HexDigit(c byte) int {
	switch {
	case IsDigit(c):
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// A Survey is what a first look at a text finds.
type Survey struct {
	ASCII bool // it has only ASCII
	Feeds bool // LF is its only line break
	Tabs  bool // it has tabs
	Bad   int  // where a character is that no text may have, -1 if there is none
	Want  string
}

// Masks to test eight bytes at once.
const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// Look finds what no YAML text may have: control characters and malformed UTF-8.
func Look(text string) Survey {
	v := Survey{ASCII: true, Feeds: true, Bad: -1}
	i := 0
	for i < len(text) {
		if i+8 <= len(text) {
			w := uint64(text[i]) | uint64(text[i+1])<<8 | uint64(text[i+2])<<16 | uint64(text[i+3])<<24 |
				uint64(text[i+4])<<32 | uint64(text[i+5])<<40 | uint64(text[i+6])<<48 | uint64(text[i+7])<<56
			// No byte but line feeds is below a blank, and none is DEL or above.
			low := ^((w | highs) - 0x20*ones) & highs
			x := w ^ '\n'*ones
			feed := ^(((x & ^uint64(highs)) + ^uint64(highs)) | x) & highs
			if (w|(w&^highs+ones))&highs == 0 && low == feed {
				i += 8
				continue
			}
		}
		for end := min(i+8, len(text)); i < end; {
			if Class[text[i]]&needsCheck == 0 {
				v.Feeds = v.Feeds && text[i] != '\r'
				v.Tabs = v.Tabs || text[i] == '\t'
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
func (v *Survey) rune(text string, i int) int {
	r, n := utf8.DecodeRuneInString(text[i:])
	switch {
	case r == utf8.RuneError && n <= 1:
		v.Bad, v.Want = i, "a character in valid UTF-8"
		return 0
	case r < 0xA0 && r != 0x85, r == 0xFFFE, r == 0xFFFF:
		v.Bad, v.Want = i, "a printable character; control characters must be escaped in double quotes"
		return 0
	case r == 0x85, r == 0x2028, r == 0x2029:
		v.Feeds = false
	}
	v.ASCII = false
	return n
}

// IsMarker reports whether the line that begins at i is a document marker made
// of three signs.
func IsMarker(text string, i int, sign byte) bool {
	return i+3 <= len(text) && text[i] == sign && text[i+1] == sign && text[i+2] == sign && EndsToken(text, i+3)
}

// AnyMarker reports whether the line that begins at i is a document marker.
func AnyMarker(text string, i int) bool {
	return IsMarker(text, i, '-') || IsMarker(text, i, '.')
}

// LineEnd is the function of this name, faster.
func (v *Survey) LineEnd(text string, i int) int {
	if !v.Feeds {
		return LineEnd(text, i)
	}
	if n := strings.IndexByte(text[i:], '\n'); n >= 0 {
		return i + n
	}
	return len(text)
}

// Position returns the line and column of a byte, from 1. Columns count
// characters.
func Position(text string, at int) (line, column int) {
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
		head = strings.TrimPrefix(head, ByteOrderMark)
	}
	return line, utf8.RuneCountInString(head) + 1
}

// Runes counts the characters of s.
func Runes(s string) int { return utf8.RuneCountInString(s) }

// InURI reports whether c can be in a URI.
func InURI(c byte) bool {
	return Class[c]&Word != 0 || strings.IndexByte(";/?:@&=+$.!~*'()%,[]", c) >= 0
}

// IsURI reports whether s has only characters of URIs.
func IsURI(s string) bool {
	for i := range len(s) {
		if !InURI(s[i]) {
			return false
		}
	}
	return true
}

// A Fault is what is wrong in a text: where, and what was expected there.
type Fault struct {
	At   int
	Want string
}
