package yamltext

import "strings"

// fetchPlain reads a plain scalar, which may go on over several lines.
func (s *scanner) fetchPlain(c byte) {
	if class[c]&notPlainStart != 0 && (c != '-' || endsToken(s.text, s.pos+1)) &&
		(s.flow > 0 || c != '?' && c != ':' || endsToken(s.text, s.pos+1)) {
		s.cannotStart(c)
		return
	}
	s.saveKey()
	s.allowed = false
	t := s.add(scalarToken, 0)
	t.style = Plain
	end := s.plainLine()
	t.end = int32(end)
	if s.err != nil || s.plainMore(t) {
		return
	}
}

// plainLine passes the part of a plain scalar on one line and returns its end.
func (s *scanner) plainLine() int {
	text := s.text
	stop := uint8(isBlankClass | maybeBreak | plainColon)
	if s.flow > 0 {
		stop |= flowSign
	}
	i, end := s.pos, s.pos
	for i < len(text) {
		from := i
		for i < len(text) && class[text[i]]&stop == 0 {
			i++
		}
		if i > from {
			end = i
		}
		if i == len(text) {
			break
		}
		c := class[text[i]]
		if c&isBlankClass != 0 {
			for i < len(text) && class[text[i]]&isBlankClass != 0 {
				i++
			}
			if i == len(text) || text[i] == '#' || BreakLen(text, i) > 0 {
				break
			}
			continue
		}
		if c&maybeBreak != 0 && BreakLen(text, i) == 0 || c&plainColon != 0 && !endsToken(text, i+1) {
			i++
			end = i
			continue
		}
		break
	}
	s.pos = i
	return end
}

// plainMore reads the further lines of a plain scalar. It leaves the scanner at
// the end of the scalar.
func (s *scanner) plainMore(t *token) bool {
	parts := 0
	start := int(t.start)
	for {
		end, line, lineStart := int(t.end), s.line, s.lineStart
		if !s.plainGap() {
			s.tabsUntil = max(s.tabsUntil, s.pos)
			s.pos, s.line, s.lineStart = end, line, lineStart
			break
		}
		from := s.pos
		more := s.plainLine()
		if more == from {
			s.tabsUntil = max(s.tabsUntil, from)
			s.pos, s.line, s.lineStart = end, line, lineStart
			break
		}
		parts++
		t.end = int32(more)
	}
	if parts > 0 {
		t.cooked = s.cook(foldLines(s.text[start:t.end]))
	}
	return parts > 0
}

// plainGap passes the white space after a line of a plain scalar. It reports
// whether the scalar may go on.
func (s *scanner) plainGap() bool {
	fresh := false
	for s.pos < len(s.text) {
		c := s.text[s.pos]
		switch {
		case c == '\t' && fresh && s.flow >= 0 && s.column() < s.indent+1:
			s.fail(s.pos, "spaces for indentation; a tab is not one")
			return false
		case isBlank(c):
			s.pos++
			continue
		case class[c]&maybeBreak != 0 && BreakLen(s.text, s.pos) > 0:
			s.newLine(BreakLen(s.text, s.pos))
			fresh = true
			continue
		case !fresh, c == '#':
			return false
		}
		if s.flow == 0 && s.column() < s.indent+1 {
			return false
		}
		return s.pos != s.lineStart || !anyMarker(s.text, s.pos)
	}
	return false
}

// cook keeps a value that is not a piece of the text.
func (s *scanner) cook(value string) int32 {
	s.file.cooked = append(s.file.cooked, value)
	return int32(len(s.file.cooked))
}

// foldLines joins the lines of a flow scalar: one break is a space, n breaks are
// n-1 breaks.
func foldLines(raw string) string {
	var b strings.Builder
	b.Grow(len(raw))
	for i := 0; i < len(raw); {
		j := lineEnd(raw, i)
		if j == len(raw) {
			b.WriteString(raw[i:])
			break
		}
		b.WriteString(strings.TrimRight(raw[i:j], " \t"))
		i = foldBreaks(&b, raw, j)
	}
	return b.String()
}

// foldBreaks writes what the breaks and blanks at i fold to, and returns where
// the next line with content begins.
func foldBreaks(b *strings.Builder, raw string, i int) int {
	n := BreakLen(raw, i)
	first := breakText(raw[i : i+n])
	if first != "\n" {
		b.WriteString(first)
	}
	written := b.Len()
	i = writeBreaks(b, raw, i+n)
	if first == "\n" && b.Len() == written {
		b.WriteByte(' ')
	}
	return i
}

// writeBreaks passes blanks and writes breaks, to the next line with content.
func writeBreaks(b *strings.Builder, raw string, i int) int {
	for i < len(raw) {
		if isBlank(raw[i]) {
			i++
			continue
		}
		n := BreakLen(raw, i)
		if n == 0 {
			break
		}
		b.WriteString(breakText(raw[i : i+n]))
		i += n
	}
	return i
}

// breakText returns what a line break means: LS and PS are themselves.
func breakText(br string) string {
	if len(br) == 3 {
		return br
	}
	return "\n"
}

func (s *scanner) cannotStart(c byte) {
	want := "a value; the character cannot start one"
	switch c {
	case '\t':
		want = "spaces for indentation; a tab is not one"
	case '@', '`', '%':
		want = "quotes around a value that starts with a reserved indicator"
	}
	s.fail(s.pos, want)
}
