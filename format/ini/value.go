package ini

import (
	"strings"
	"unicode"
)

const (
	triple = `"""`
	back   = "`"
)

// A value is the text after a delimiter.
type value struct {
	text string
	// quote is what is around it: nothing, ", ', ` or """. The last two
	// are literal: nothing in between is special, line breaks included.
	quote string
	outer span // with the quotes
	inner span // within them: where a token is
	tail  span // the comment after it, from its sign
	next  int  // start of the line after it
	// strange is set where SOPS and we read the line differently.
	strange bool
}

// readValue reads the value that starts at or after at, on this line or over
// several.
func (s *scanner) readValue(at int) (value, error) {
	end, next := s.lineEnd(at)
	start := end - len(strings.TrimLeftFunc(s.src[at:end], unicode.IsSpace))
	if start == end {
		at += len(strings.TrimSuffix(s.src[at:end], "\r"))
		here := span{at, at}
		return value{outer: here, inner: here, next: next}, nil
	}
	line := s.src[start:end]
	switch {
	case strings.HasPrefix(line, triple) && (len(line) > 3 || next > end):
		return s.readLiteral(start, triple)
	case line[0] == '`':
		return s.readLiteral(start, back)
	}
	trimmed := strings.TrimRightFunc(line, unicode.IsSpace)
	if trimmed[len(trimmed)-1] == '\\' {
		return s.readContinued(start, start+len(trimmed), next), nil
	}
	theirs, ours := splitAsSOPS(trimmed), split(trimmed)
	v := ours
	if s.encrypted {
		v = theirs
	}
	// Lone quotes at the end of the file would open more with a line after.
	v.strange = theirs != ours || trimmed == triple
	v.shift(start)
	v.text = v.inner.of(s.src)
	v.next = next
	return v, nil
}

func (v *value) shift(by int) {
	for _, s := range []*span{&v.outer, &v.inner, &v.tail} {
		s.start += by
		s.end += by
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
	inner := span{body, from + closing}
	v := value{text: inner.of(s.src), quote: quote, inner: inner, outer: span{start, inner.end + len(quote)}, next: next}
	last := trimEnd(s.src, v.outer.end, end)
	if i := first(s.src[v.outer.end:last], signs); i >= 0 {
		v.tail = span{v.outer.end + i, last}
		last = trimEnd(s.src, v.outer.end, v.tail.start)
	}
	v.outer.end = last // stray text after the quotes counts as part of them
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
	here := span{start, end}
	return value{text: text.String(), outer: here, inner: here, next: next}
}

// splitAsSOPS splits a trimmed one-line text into value and comment as ini.v1
// does: any sign begins a comment.
func splitAsSOPS(s string) value {
	i := first(s, signs)
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
		next := first(s[i:], signs)
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
	if i > 0 && !isBlank(s[i-1]) {
		return false
	}
	rest := strings.TrimLeft(s[i:], signs)
	return rest == "" || isBlank(rest[0])
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// divide makes the value of s[:i] and the comment of s[i:]. One pair of quotes
// around a value that holds no more of them is not part of it.
func divide(s string, i int) value {
	body := strings.TrimRightFunc(s[:i], unicode.IsSpace)
	v := value{outer: span{0, len(body)}, inner: span{0, len(body)}}
	if i < len(s) {
		v.tail = span{i, len(s)}
	}
	if n := len(body); n >= 2 && (body[0] == '"' || body[0] == '\'') && strings.IndexByte(body[1:], body[0]) == n-2 {
		v.quote = body[:1]
		v.inner = span{1, n - 1}
	}
	return v
}
