package scalar

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/seed-1f7fdfb8/sops/internal/yamltext/internal/char"
)

// FoldPlain returns what a plain scalar on several lines means: one break is a space,
// n breaks are n-1 breaks.
func FoldPlain(raw string) string {
	var b strings.Builder
	b.Grow(len(raw))
	for i := 0; i < len(raw); {
		j := char.LineEnd(raw, i)
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
	n := char.BreakLen(raw, i)
	first := char.BreakText(raw[i : i+n])
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
		if char.IsBlank(raw[i]) {
			i++
			continue
		}
		n := char.BreakLen(raw, i)
		if n == 0 {
			break
		}
		b.WriteString(char.BreakText(raw[i : i+n]))
		i += n
	}
	return i
}

// UnquoteSingle returns what the text between single quotes means.
func UnquoteSingle(raw string) string {
	var b strings.Builder
	b.Grow(len(raw))
	for i := 0; i < len(raw); {
		switch c := raw[i]; {
		case c == '\'':
			b.WriteByte('\'')
			i += 2
		case char.IsBlank(c), char.Class[c]&char.Break != 0 && char.BreakLen(raw, i) > 0:
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
	for j < len(raw) && char.IsBlank(raw[j]) {
		j++
	}
	if char.BreakLen(raw, j) > 0 {
		return foldBreaks(b, raw, j)
	}
	b.WriteString(raw[i:j])
	return j
}

// UnquoteDouble returns what the text between double quotes means.
func UnquoteDouble(raw string) (string, *char.Fault) {
	var b strings.Builder
	b.Grow(len(raw))
	for i := 0; i < len(raw); {
		switch c := raw[i]; {
		case c == '\\':
			n, want := escape(&b, raw, i)
			if want != "" {
				return "", &char.Fault{At: i, Want: want}
			}
			i += n
		case char.IsBlank(c), char.Class[c]&char.Break != 0 && char.BreakLen(raw, i) > 0:
			i = foldBlanks(&b, raw, i)
		default:
			b.WriteByte(c)
			i++
		}
	}
	return b.String(), nil
}

// escapes are the characters after a backslash and what they stand for.
const escapes = "0\x00a\x07b\bt\t\t\tn\nv\vf\fr\re\x1b  \"\"''\\\\"

// escape writes what the escape sequence at i means and returns its length, or
// what was expected.
func escape(b *strings.Builder, raw string, i int) (n int, want string) {
	c := raw[i+1]
	if n := char.BreakLen(raw, i+1); n > 0 {
		return writeBreaks(b, raw, i+1+n) - i, ""
	}
	for k := 0; k < len(escapes); k += 2 {
		if escapes[k] == c {
			b.WriteByte(escapes[k+1])
			return 2, ""
		}
	}
	digits := 0
	switch c {
	case 'N':
		b.WriteString("\u0085")
		return 2, ""
	case '_':
		b.WriteString("\u00a0")
		return 2, ""
	case 'L':
		b.WriteString("\u2028")
		return 2, ""
	case 'P':
		b.WriteString("\u2029")
		return 2, ""
	case 'x':
		digits = 2
	case 'u':
		digits = 4
	case 'U':
		digits = 8
	default:
		return 0, "an escape sequence of YAML; a backslash itself is written twice"
	}
	return escapedRune(b, raw, i, digits)
}

func escapedRune(b *strings.Builder, raw string, i, digits int) (n int, want string) {
	r := uint32(0)
	for k := range digits {
		d := -1
		if i+2+k < len(raw) {
			d = char.HexDigit(raw[i+2+k])
		}
		if d < 0 {
			return 0, strconv.Itoa(digits) + " hexadecimal digits in the escape sequence"
		}
		r = r<<4 | uint32(d)
	}
	if r > utf8.MaxRune || r >= 0xD800 && r < 0xE000 {
		return 0, "the code of a Unicode character in the escape sequence"
	}
	b.WriteRune(rune(r))
	return 2 + digits, ""
}
