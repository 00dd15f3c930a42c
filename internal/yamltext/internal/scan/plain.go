package scan

import (
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/yamltext/internal/char"
	"github.com/seed-1f7fdfb8/sops/internal/yamltext/internal/scalar"
)

// fetchPlain reads a plain scalar, which may go on over several lines.
func (s *Scanner) fetchPlain(c byte) {
	if char.Class[c]&char.NotPlainStart != 0 && (c != '-' || char.EndsToken(s.text, s.pos+1)) &&
		(s.flow > 0 || c != '?' && c != ':' || char.EndsToken(s.text, s.pos+1)) {
		s.cannotStart(c)
		return
	}
	s.saveKey()
	s.allowed = false
	t := s.add(Scalar, 0)
	t.Style = scalar.Plain
	end := s.plainLine()
	t.End = int32(end)
	if s.Err != nil || s.plainMore(t) {
		return
	}
}

// usualLine returns where a plain scalar ends if the first blank of its line is
// after its colon, or there is none.
func (s *Scanner) usualLine() (end int, ok bool) {
	if s.flow > 0 || s.survey.Tabs || !s.survey.Feeds {
		return 0, false
	}
	line := s.text[s.pos:s.survey.LineEnd(s.text, s.pos)]
	blank := strings.IndexByte(line, ' ')
	if blank < 0 {
		blank = len(line)
	}
	switch {
	case blank == 0:
		return 0, false
	case line[blank-1] == ':':
		return s.pos + blank - 1, true
	}
	return s.pos + blank, blank == len(line)
}

// plainLine passes the part of a plain scalar on one line and returns its end.
func (s *Scanner) plainLine() int {
	if end, ok := s.usualLine(); ok {
		s.pos = end
		return end
	}
	text := s.text
	stop := uint8(char.Blank | char.Break | char.Colon)
	if s.flow > 0 {
		stop |= char.FlowSign
	}
	i, end := s.pos, s.pos
	for i < len(text) {
		from := i
		for i < len(text) && char.Class[text[i]]&stop == 0 {
			i++
		}
		if i > from {
			end = i
		}
		if i == len(text) {
			break
		}
		c := char.Class[text[i]]
		if c&char.Blank != 0 {
			for i < len(text) && char.Class[text[i]]&char.Blank != 0 {
				i++
			}
			if i == len(text) || text[i] == '#' || char.BreakLen(text, i) > 0 {
				break
			}
			continue
		}
		if c&char.Break != 0 && char.BreakLen(text, i) == 0 || c&char.Colon != 0 && !char.EndsToken(text, i+1) {
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
func (s *Scanner) plainMore(t *Token) bool {
	parts := 0
	start := int(t.Start)
	for {
		end, line, lineStart := int(t.End), s.line, s.lineStart
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
		t.End = int32(more)
	}
	if parts > 0 {
		t.Cooked = s.cook(scalar.FoldPlain(s.text[start:t.End]))
	}
	return parts > 0
}

// plainGap passes the white space after a line of a plain scalar. It reports
// whether the scalar may go on.
func (s *Scanner) plainGap() bool {
	fresh := false
	for s.pos < len(s.text) {
		c := s.text[s.pos]
		switch {
		case c == '\t' && fresh && s.flow >= 0 && s.column() < s.indent+1:
			s.Fail(s.pos, "spaces for indentation; a tab is not one")
			return false
		case char.IsBlank(c):
			s.pos++
			continue
		case char.Class[c]&char.Break != 0 && char.BreakLen(s.text, s.pos) > 0:
			s.newLine(char.BreakLen(s.text, s.pos))
			fresh = true
			continue
		case !fresh, c == '#':
			return false
		}
		if s.flow == 0 && s.column() < s.indent+1 {
			return false
		}
		return s.pos != s.lineStart || !char.AnyMarker(s.text, s.pos)
	}
	return false
}

// cook keeps a value that is not a piece of the text.
func (s *Scanner) cook(value string) int32 {
	s.Cooked = append(s.Cooked, value)
	return int32(len(s.Cooked))
}

func (s *Scanner) cannotStart(c byte) {
	want := "a value; the character cannot start one"
	switch c {
	case '\t':
		want = "spaces for indentation; a tab is not one"
	case '@', '`', '%':
		want = "quotes around a value that starts with a reserved indicator"
	}
	s.Fail(s.pos, want)
}
