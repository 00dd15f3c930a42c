package jsontext

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// str reads a string. Most hold no escape and are a piece of the text itself.
func (s *scanner) str() (string, error) {
	start := s.pos + 1
	escapes, ascii := false, true
	i := start
	for ; i < len(s.text) && s.text[i] != '"'; i++ {
		if i += plainRun(s.text[i:], 0); i >= len(s.text) || s.text[i] == '"' {
			break
		}
		switch c := s.text[i]; {
		case c == '\\':
			escapes = true
			i++
		case c < ' ':
			s.pos = i
			return "", s.fail("a string holds a control character that is not escaped", `write a line break as \n and a tab as \t`)
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	if i >= len(s.text) {
		s.pos = len(s.text)
		return "", s.fail("a string is not closed by a quote", "")
	}
	raw := s.text[start:i]
	s.pos = i + 1
	if !escapes && (ascii || utf8.ValidString(raw)) {
		return raw, nil
	}
	text, bad := unescape(raw)
	if bad >= 0 {
		s.pos = start + bad
		return "", s.fail("an escape in a string is not well formed", `write a backslash as \\`)
	}
	return text, nil
}

// unescape returns the text of a string between its quotes, or where a bad
// escape is.
func unescape(raw string) (text string, bad int) {
	var b strings.Builder
	b.Grow(len(raw))
	for i := 0; i < len(raw); {
		if raw[i] != '\\' {
			r, size := utf8.DecodeRuneInString(raw[i:])
			b.WriteRune(r) // a broken byte becomes U+FFFD
			i += size
			continue
		}
		r, size := escape(raw[i:])
		if size == 0 {
			return "", i
		}
		b.WriteRune(r)
		i += size
	}
	return b.String(), -1
}

// escape reads the escape that s begins with; size is 0 if it is none.
func escape(s string) (r rune, size int) {
	if len(s) < 2 {
		return 0, 0
	}
	switch s[1] {
	case '"', '\\', '/':
		return rune(s[1]), 2
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	}
	r = unit(s)
	if r < 0 {
		return 0, 0
	}
	if !utf16.IsSurrogate(r) {
		return r, 6
	}
	if pair := utf16.DecodeRune(r, unit(s[6:])); pair != utf8.RuneError {
		return pair, 12
	}
	return utf8.RuneError, 6
}

// unit reads \uXXXX, or returns -1.
func unit(s string) rune {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return -1
	}
	n, err := strconv.ParseUint(s[2:6], 16, 16)
	if err != nil {
		return -1
	}
	return rune(n)
}

// Words of eight equal bytes.
const (
	ones  = 0x0101010101010101
	highs = 0x80 * ones
	// html is the set of < > & as plainRun takes it.
	html = 1
)

// plainRun returns the length of a run at the start of s, in whole words, that
// holds neither quotes, backslashes, control characters nor what is beyond ASCII;
// with the set html also none of < > &. Most of an encrypted file is one.
func plainRun(s string, set int) int {
	n := 0
	for ; n+8 <= len(s); n += 8 {
		w := uint64(s[n]) | uint64(s[n+1])<<8 | uint64(s[n+2])<<16 | uint64(s[n+3])<<24 |
			uint64(s[n+4])<<32 | uint64(s[n+5])<<40 | uint64(s[n+6])<<48 | uint64(s[n+7])<<56
		// A byte below what is subtracted gets its high bit, perhaps with its
		// neighbour: that only ends the run early.
		special := w | (w - ' '*ones) | ((w ^ '"'*ones) - ones) | ((w ^ '\\'*ones) - ones)
		if set == html {
			special |= ((w ^ '<'*ones) - ones) | ((w ^ '>'*ones) - ones) | ((w ^ '&'*ones) - ones)
		}
		if special&highs != 0 {
			return n
		}
	}
	return n
}
