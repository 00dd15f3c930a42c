package initext

import (
	"strings"
	"unicode"
)

// Literal quotes.
const (
	Triple = `"""`
	Back   = "`"
)

// A value is the text after a delimiter.
type value struct {
	Text string
	// quote is what is around it: nothing, ", ', ` or """. The last two
	// are literal: nothing in between is special, line breaks included.
	Quote string
	Outer Span // with the quotes
	Inner Span // within them: where a token is
	Tail  Span // the comment after it, from its sign
	Next  int  // start of the line after it
	// strange is set where SOPS and we read the line differently.
	Strange bool
}

// readValue reads the value that starts at or after at, on this line or over
// several.
func (s *scanner) readValue(at int) (value, error) {
	end, next := s.lineEnd(at)
	start := end - len(strings.TrimLeftFunc(s.src[at:end], unicode.IsSpace))
	if start == end {
		at += len(strings.TrimSuffix(s.src[at:end], "\r"))
		here := Span{at, at}
		return value{Outer: here, Inner: here, Next: next}, nil
	}
	line := s.src[start:end]
	switch {
	case strings.HasPrefix(line, Triple) && (len(line) > 3 || next > end):
		return s.readLiteral(start, Triple)
	case line[0] == '`':
		return s.readLiteral(start, Back)
	}
	trimmed := strings.TrimRightFunc(line, unicode.IsSpace)
	if trimmed[len(trimmed)-1] == '\\' {
		return s.readContinued(start, start+len(trimmed), next), nil
	}
	ours := divide(trimmed, len(trimmed))
	theirs := ours
	if First(trimmed, signs) >= 0 {
		theirs, ours = splitAsSOPS(trimmed), split(trimmed)
	}
	v := ours
	if s.encrypted {
		v = theirs
	}
	// Lone quotes at the end of the file would open more with a line after.
	v.Strange = theirs != ours || trimmed == Triple
	v.shift(start)
	v.Text = v.Inner.Of(s.src)
	v.Next = next
	return v, nil
}

func (v *value) shift(by int) {
	for _, s := range []*Span{&v.Outer, &v.Inner, &v.Tail} {
		s.Start += by
		s.End += by
	}
}

// readLiteral reads a value in literal quotes. On one line it ends at the last
// quotes; over several lines each is searched for quotes, from its end, that no
// backslash at the line's end follows.
func (s *scanner) readLiteral(start int, quote string) (value, error) {
	body := start + len(quote)
	end, next := s.lineEnd(body)
	closing := strings.LastIndex(s.src[body:end], quote)
	from := body
	for closing < 0 {
		if next == len(s.src) {
			return value{}, s.fail(start, "the quotes of the value are not closed")
		}
		from = next
		end, next = s.lineEnd(from)
		closing = strings.LastIndex(s.src[from:end], quote)
		if closing >= 0 && strings.HasSuffix(strings.TrimSpace(s.src[from+closing+len(quote):end]), `\`) {
			closing = -1
		}
	}
	inner := Span{body, from + closing}
	v := value{Text: inner.Of(s.src), Quote: quote, Inner: inner, Outer: Span{start, inner.End + len(quote)}, Next: next}
	last := trimEnd(s.src, v.Outer.End, end)
	if i := First(s.src[v.Outer.End:last], signs); i >= 0 {
		v.Tail = Span{v.Outer.End + i, last}
		last = trimEnd(s.src, v.Outer.End, v.Tail.Start)
	}
	v.Outer.End = last // stray text after the quotes counts as part of them
	return v, nil
}

// readContinued reads a value whose lines end in backslashes. A blank line
// ends it too.
func (s *scanner) readContinued(start, end, next int) value {
	var text strings.Builder
	part := s.src[start:end]
	for {
		more := strings.HasSuffix(part, `\`)
		text.WriteString(strings.TrimSuffix(part, `\`))
		if !more || next == len(s.src) {
			break
		}
		at := next
		var lineEnd int
		lineEnd, next = s.lineEnd(at)
		part = strings.TrimSpace(s.src[at:lineEnd])
		if part == "" {
			break
		}
		end = trimEnd(s.src, at, lineEnd)
	}
	here := Span{start, end}
	return value{Text: text.String(), Outer: here, Inner: here, Next: next}
}

// splitAsSOPS splits a trimmed one-line text into value and comment as ini.v1
// does: any sign begins a comment.
func splitAsSOPS(s string) value {
	i := First(s, signs)
	if i < 0 {
		i = len(s)
	}
	return divide(s, i)
}

// split does the same as people mean it: a comment begins at signs that are
// alone, between blanks or at an end of the text, or right after closing
// quotes. In p4ss;word, #ff0000 and a #b the sign belongs to the value.
func split(s string) value {
	if q := s[0]; q == '"' || q == '\'' {
		if i := strings.IndexByte(s[1:], q); i >= 0 {
			end := i + 2
			rest := strings.TrimLeftFunc(s[end:], unicode.IsSpace)
			if rest == "" || isSign(rest[0]) {
				return divide(s, len(s)-len(rest))
			}
		}
	}
	for i := 0; ; i++ {
		next := First(s[i:], signs)
		if next < 0 {
			return divide(s, len(s))
		}
		if i += next; beginsNote(s, i) {
			return divide(s, i)
		}
	}
}

// beginsNote reports whether the sign at i is alone.
func beginsNote(s string, i int) bool {
	if i > 0 && !IsBlank(s[i-1]) {
		return false
	}
	rest := strings.TrimLeft(s[i:], signs)
	return rest == "" || IsBlank(rest[0])
}

// IsBlank reports whether c is a blank within a line.
func IsBlank(c byte) bool { return c == ' ' || c == '\t' }

// divide makes the value of s[:i] and the comment of s[i:]. One pair of quotes
// around a value that holds no more of them is not part of it.
func divide(s string, i int) value {
	body := strings.TrimRightFunc(s[:i], unicode.IsSpace)
	v := value{Outer: Span{0, len(body)}, Inner: Span{0, len(body)}}
	if i < len(s) {
		v.Tail = Span{i, len(s)}
	}
	if n := len(body); n >= 2 && (body[0] == '"' || body[0] == '\'') && strings.IndexByte(body[1:], body[0]) == n-2 {
		v.Quote = body[:1]
		v.Inner = Span{1, n - 1}
	}
	return v
}
