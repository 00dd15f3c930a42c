package scan

import (
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/yamltext/internal/char"
	"github.com/seed-1f7fdfb8/sops/internal/yamltext/internal/scalar"
)

// fetchQuoted reads a scalar in single or double quotes.
func (s *Scanner) fetchQuoted(quote byte) {
	s.saveKey()
	s.allowed = false
	t := s.add(Scalar, 0)
	s.gap.Quoted = true
	t.Style = scalar.SingleQuoted
	if quote == '"' {
		t.Style = scalar.DoubleQuoted
	}
	start := s.pos + 1
	plain := s.quotedEnd(quote)
	if s.Err != nil {
		return
	}
	t.End = int32(s.pos)
	if plain {
		return
	}
	raw := s.text[start : s.pos-1]
	if quote == '\'' {
		t.Cooked = s.cook(scalar.UnquoteSingle(raw))
		return
	}
	value, fault := scalar.UnquoteDouble(raw)
	if fault != nil {
		s.Fail(start+fault.At, fault.Want)
	}
	t.Cooked = s.cook(value)
}

// usualQuoted returns where a quoted scalar ends that is on one line and as written.
func (s *Scanner) usualQuoted(quote byte) (end int, ok bool) {
	from := s.pos + 1
	n := strings.IndexByte(s.text[from:], quote)
	if n < 0 || !s.survey.Feeds {
		return 0, false
	}
	value, end := s.text[from:from+n], from+n+1
	if quote == '"' {
		ok = strings.IndexByte(value, '\\') < 0
	} else {
		ok = end == len(s.text) || s.text[end] != quote
	}
	return end, ok && strings.IndexByte(value, '\n') < 0
}

// quotedEnd moves after the closing quote. It reports whether the value is as
// written.
func (s *Scanner) quotedEnd(quote byte) (plain bool) {
	if end, ok := s.usualQuoted(quote); ok {
		s.pos = end
		return true
	}
	plain = true
	text, i, start := s.text, s.pos+1, s.pos
	for i < len(text) {
		c := text[i]
		bits := char.Class[c]
		switch {
		case bits&(char.QuoteStop|char.Break) == 0:
			i++
		case bits&char.Break != 0:
			n := char.BreakLen(text, i)
			if n == 0 {
				i++
				continue
			}
			plain = false
			s.pos = i
			s.newLine(n)
			i = s.pos
			if char.AnyMarker(text, i) {
				s.Fail(i, "a closing quote before the document marker")
				return
			}
		case c == '\\' && quote == '"':
			plain = false
			i++
			if i < len(text) && char.BreakLen(text, i) == 0 {
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
	s.Fail(start, "a closing quote for the scalar that begins here")
	return false
}
