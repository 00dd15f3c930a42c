package scan

import (
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/yamltext/internal/char"
	"github.com/seed-1f7fdfb8/sops/internal/yamltext/internal/scalar"
)

// A blockScalar is a literal or folded scalar while it is read.
type blockScalar struct {
	*Scanner
	indent int32 // of its content
	keep   bool
	strip  bool
	folded bool
	out    strings.Builder
	end    int // of the scalar in the text
	// Runs of lines that are as written, but for their indentation, are copied
	// from here.
	breaks []byte // the breaks of blank lines after the last content
	last   string // the break after the last content
}

// fetchBlockScalar reads a literal or folded scalar.
func (s *Scanner) fetchBlockScalar(sign byte) {
	s.dropKey(&s.keys[s.flow])
	s.allowed = true
	b := &blockScalar{Scanner: s, folded: sign == '>'}
	s.lastLine = s.line
	t := s.add(Scalar, 1)
	t.Style = scalar.Literal
	if b.folded {
		t.Style = scalar.Folded
	}
	s.pos++
	digit := b.header()
	b.end = s.pos
	if s.Err != nil || !b.headerEnd() {
		return
	}
	if digit > 0 {
		b.indent = max(s.indent, 0) + digit
	}
	b.blankLines(digit == 0)
	b.out.Grow(b.extent() - b.pos)
	b.content()
	b.chomp()
	t = &s.queue[len(s.queue)-1]
	t.End = int32(b.end)
	t.Cooked = s.cook(b.out.String())
}

// header reads the indicators of chomping and indentation.
func (b *blockScalar) header() (digit int32) {
	for range 2 {
		if b.pos >= len(b.text) {
			break
		}
		switch c := b.text[b.pos]; {
		case (c == '+' || c == '-') && !b.keep && !b.strip:
			b.keep, b.strip = c == '+', c == '-'
		case c == '0':
			b.Fail(b.pos, "an indentation indicator from 1 to 9")
			return 0
		case char.IsDigit(c) && digit == 0:
			digit = int32(c - '0')
		default:
			return digit
		}
		b.pos++
	}
	return digit
}

// headerEnd passes the rest of the header line.
func (b *blockScalar) headerEnd() bool {
	for b.pos < len(b.text) && char.IsBlank(b.text[b.pos]) {
		b.pos++
	}
	if b.pos < len(b.text) && b.text[b.pos] == '#' {
		b.comment()
		b.watcher.Header(b.number)
	}
	n := char.BreakLen(b.text, b.pos)
	if n == 0 && b.pos < len(b.text) {
		b.Fail(b.pos, "a comment or a line break after the header of a block scalar")
		return false
	}
	if n > 0 {
		b.newLine(n)
	}
	return true
}

// blankLines passes lines without content. find says that the indentation is
// not known yet: it is that of the first line with content, or of the longest
// line before.
func (b *blockScalar) blankLines(find bool) {
	longest := int32(0)
	for b.pos < len(b.text) {
		for b.pos < len(b.text) && b.text[b.pos] == ' ' && (find || b.column() < b.indent) {
			b.pos++
		}
		longest = max(longest, b.column())
		if b.pos < len(b.text) && b.text[b.pos] == '\t' && (find || b.column() < b.indent) {
			b.Fail(b.pos, "spaces for the indentation of a block scalar; a tab is not one")
			return
		}
		n := char.BreakLen(b.text, b.pos)
		if n == 0 {
			break
		}
		b.breaks = append(b.breaks, char.BreakText(b.text[b.pos:b.pos+n])...)
		if b.keep {
			b.end = b.pos
		}
		b.newLine(n)
	}
	if find {
		b.indent = max(longest, b.Scanner.indent+1, 1)
	}
}

// extent returns where the lines that are indented like content end, about.
func (b *blockScalar) extent() int {
	i := b.pos
	for i < len(b.text) {
		end := b.survey.LineEnd(b.text, i)
		if text := strings.TrimLeft(b.text[i:end], " "); text != "" && end-i-len(text) < int(b.indent) && i != b.pos {
			break
		}
		i = min(end+1, len(b.text))
	}
	return i
}

// content reads the lines with content.
func (b *blockScalar) content() {
	blankBefore := false
	for b.Err == nil && b.pos < len(b.text) && b.column() == b.indent {
		blank := char.IsBlank(b.text[b.pos])
		if b.folded && b.last == "\n" && !blankBefore && !blank {
			if len(b.breaks) == 0 {
				b.out.WriteByte(' ')
			}
		} else {
			b.out.WriteString(b.last)
		}
		b.out.Write(b.breaks)
		b.breaks, b.last = b.breaks[:0], ""
		blankBefore = blank
		start, end := b.pos, b.survey.LineEnd(b.text, b.pos)
		b.out.WriteString(b.text[start:end])
		b.pos, b.end = end, end
		n := char.BreakLen(b.text, end)
		if n == 0 {
			return
		}
		b.last = char.BreakText(b.text[end : end+n])
		if !blank || strings.TrimLeft(b.text[start:end], " \t") != "" {
			b.lastLine = b.line
		}
		b.newLine(n)
		b.blankLines(false)
	}
}

func (b *blockScalar) chomp() {
	if !b.strip {
		b.out.WriteString(b.last)
	}
	if b.keep {
		b.out.Write(b.breaks)
	}
}
