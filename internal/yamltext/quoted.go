package yamltext

import (
	"strings"
	"unicode/utf8"
)

// fetchQuoted reads a scalar in single or double quotes.
func (s *scanner) fetchQuoted(quote byte) {
	s.saveKey()
	s.allowed = false
	t := s.add(scalarToken, 0)
	s.notes.quoted = true
	t.style = SingleQuoted
	if quote == '"' {
		t.style = DoubleQuoted
	}
	start := s.pos + 1
	plain := s.quotedEnd(quote)
	if s.err != nil {
		return
	}
	t.end = int32(s.pos)
	if plain {
		return
	}
	raw := s.text[start : s.pos-1]
	if quote == '\'' {
		t.cooked = s.cook(cookSingle(raw))
		return
	}
	t.cooked = s.cook(s.cookDouble(raw, start))
}

// quotedEnd moves after the closing quote. It reports whether the value is as
// written.
func (s *scanner) quotedEnd(quote byte) (plain bool) {
	plain = true
	text, i, start := s.text, s.pos+1, s.pos
	for i < len(text) {
		c := text[i]
		bits := class[c]
		switch {
		case bits&(quoteStop|maybeBreak) == 0:
			i++
		case bits&maybeBreak != 0:
			n := BreakLen(text, i)
			if n == 0 {
				i++
				continue
			}
			plain = false
			s.pos = i
			s.newLine(n)
			i = s.pos
			if anyMarker(text, i) {
				s.fail(i, "a closing quote before the document marker")
				return
			}
		case c == '\\' && quote == '"':
			plain = false
			i++
			if i < len(text) && BreakLen(text, i) == 0 {
				i++
			}
		case c != quote:
			i++
		case quote == '\'' && i+1 < len(text) && text[i+1] == '\'':
			plain = false
			i += 2
		default:
			s.pos = i + 1
			return plain
		}
	}
	s.fail(start, "a closing quote for the scalar that begins here")
	return false
}

func cookSingle(raw string) string {
	var b strings.Builder
	b.Grow(len(raw))
	for i := 0; i < len(raw); {
		switch c := raw[i]; {
		case c == '\'':
			b.WriteByte('\'')
			i += 2
		case isBlank(c), class[c]&maybeBreak != 0 && BreakLen(raw, i) > 0:
			i = foldBlanks(&b, raw, i)
		default:
			b.WriteByte(c)
			i++
		}
	}
	return b.String()
}

// foldBlanks writes the blanks at i, or what they fold to with the breaks after
// them.
func foldBlanks(b *strings.Builder, raw string, i int) int {
	j := i
	for j < len(raw) && isBlank(raw[j]) {
		j++
	}
	if BreakLen(raw, j) > 0 {
		return foldBreaks(b, raw, j)
	}
	b.WriteString(raw[i:j])
	return j
}

func (s *scanner) cookDouble(raw string, at int) string {
	var b strings.Builder
	b.Grow(len(raw))
	for i := 0; i < len(raw); {
		switch c := raw[i]; {
		case c == '\\':
			n := s.escape(&b, raw, i, at)
			if n == 0 {
				return ""
			}
			i += n
		case isBlank(c), class[c]&maybeBreak != 0 && BreakLen(raw, i) > 0:
			i = foldBlanks(&b, raw, i)
		default:
			b.WriteByte(c)
			i++
		}
	}
	return b.String()
}

// escapes are the characters after a backslash and what they stand for.
const escapes = "0\x00a\x07b\bt\t\t\tn\nv\vf\fr\re\x1b  \"\"''\\\\"

// escape writes what the escape sequence at i means and returns its
// length.
func (s *scanner) escape(b *strings.Builder, raw string, i, at int) int {
	c := raw[i+1]
	if n := BreakLen(raw, i+1); n > 0 {
		return writeBreaks(b, raw, i+1+n) - i
	}
	for k := 0; k < len(escapes); k += 2 {
		if escapes[k] == c {
			b.WriteByte(escapes[k+1])
			return 2
		}
	}
	digits := 0
	switch c {
	case 'N':
		b.WriteString("\u0085")
		return 2
	case '_':
		b.WriteString("\u00a0")
		return 2
	case 'L':
		b.WriteString("\u2028")
		return 2
	case 'P':
		b.WriteString("\u2029")
		return 2
	case 'x':
		digits = 2
	case 'u':
		digits = 4
	case 'U':
		digits = 8
	default:
		s.fail(at+i, "an escape sequence of YAML; a backslash itself is written twice")
		return 0
	}
	return s.escapedRune(b, raw, i, at, digits)
}

func (s *scanner) escapedRune(b *strings.Builder, raw string, i, at, digits int) int {
	r := uint32(0)
	for k := range digits {
		d := -1
		if i+2+k < len(raw) {
			d = hexDigit(raw[i+2+k])
		}
		if d < 0 {
			s.fail(at+i, itoa(digits)+" hexadecimal digits in the escape sequence")
			return 0
		}
		r = r<<4 | uint32(d)
	}
	if r > utf8.MaxRune || r >= 0xD800 && r < 0xE000 {
		s.fail(at+i, "the code of a Unicode character in the escape sequence")
		return 0
	}
	b.WriteRune(rune(r))
	return 2 + digits
}

func hexDigit(c byte) int {
	switch {
	case isDigit(c):
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
