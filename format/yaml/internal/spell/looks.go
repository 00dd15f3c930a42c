package spell

import (
	"strings"
	"unicode/utf8"

	"github.com/seed-1f7fdfb8/sops/format/yaml/internal/lines"
	"github.com/seed-1f7fdfb8/sops/internal/yamltext"
)

// Looks are the styles in which a text can be written so that it reads back,
// by the rules of the emitter that wrote the files of SOPS.
type Looks struct {
	Plain     bool // in a block collection
	FlowPlain bool // in a flow collection
	Single    bool
	Literal   bool
}

// Look weighs s. What a plain text would be read as is another matter: see
// IsString.
func Look(s string) Looks {
	if s == "" {
		return Looks{Plain: true, Single: true}
	}
	if l, usual := lookAtUsual(s); usual {
		return l
	}
	l := Looks{true, true, true, true}
	if strings.HasPrefix(s, "---") || strings.HasPrefix(s, "...") {
		l.Plain, l.FlowPlain = false, false
	}
	if s[0] == ' ' || s[len(s)-1] == ' ' || IsBreak(firstRune(s)) || IsBreak(lastRune(s)) {
		l.Plain, l.FlowPlain = false, false
	}
	if s[len(s)-1] == ' ' {
		l.Literal = false
	}
	l.indicators(s)
	l.characters(s)
	return l
}

// lookAtUsual decides quickly on printable ASCII that begins with no sign, as
// most texts and all tokens are.
func lookAtUsual(s string) (l Looks, usual bool) {
	flow := true
	switch c := s[0]; {
	case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '_', c == '/', c == '+', c == '=':
	default:
		return l, false
	}
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c >= '(' && c <= '9' && c != ',', c >= '@' && c <= 'Z', c >= 'a' && c <= 'z':
		case c < ' ' || c > '~':
			return l, false
		case c == ':':
			if i+1 == len(s) || lines.IsBlank(s[i+1]) {
				return l, false
			}
			flow = false
		case c == '#' && lines.IsBlank(s[i-1]):
			return l, false
		case c == ',' || c == '[' || c == ']' || c == '{' || c == '}' || c == '?':
			flow = false
		}
	}
	return Looks{true, flow, true, true}, s[len(s)-1] != ' '
}

// indicators looks for signs that mean something in the syntax.
func (l *Looks) indicators(s string) {
	for i := range len(s) {
		blankNext := i+1 == len(s) || lines.IsBlank(s[i+1])
		blankBefore := i == 0 || lines.IsBlank(s[i-1]) || s[i-1] == '\n' || s[i-1] == '\r'
		switch c := s[i]; c {
		case ',', '[', ']', '{', '}':
			l.FlowPlain = false
			l.Plain = l.Plain && i > 0
		case '&', '*', '!', '|', '>', '\'', '"', '%', '@', '`':
			if i == 0 {
				l.Plain, l.FlowPlain = false, false
			}
		case '?':
			l.FlowPlain = false
			l.Plain = l.Plain && !(i == 0 && blankNext)
		case ':':
			l.FlowPlain = false
			l.Plain = l.Plain && !blankNext
		case '-':
			if i == 0 && blankNext {
				l.Plain, l.FlowPlain = false, false
			}
		case '#':
			if blankBefore {
				l.Plain, l.FlowPlain = false, false
			}
		}
	}
}

// characters looks at breaks, tabs and what cannot be printed.
func (l *Looks) characters(s string) {
	var last rune
	for _, r := range s {
		switch {
		case r == '\t':
			l.Plain, l.FlowPlain, l.Single = false, false, false
		case !Printable(r):
			*l = Looks{}
			return
		case IsBreak(r):
			l.Plain, l.FlowPlain = false, false
			if last == ' ' {
				*l = Looks{}
				return
			}
		case r == ' ' && IsBreak(last):
			l.Plain, l.FlowPlain, l.Single = false, false, false
		}
		last = r
	}
}

// Printable reports whether the emitter writes r as it is.
func Printable(r rune) bool {
	return r == '\n' || r >= ' ' && r <= '~' || r >= 0xA0 && r <= 0xD7FF ||
		r >= 0xE000 && r <= 0xFFFD && r != 0xFEFF
}

// Readable reports whether r may be in a text as it is and reads as itself
// within a line.
func Readable(r rune) bool {
	return r == '\t' || r != '\n' && Printable(r) && !IsBreak(r) || r >= 0x10000 && r <= 0x10FFFF
}

func IsBreak(r rune) bool {
	return r == '\n' || r == '\r' || r == 0x85 || r == 0x2028 || r == 0x2029
}

func firstRune(s string) rune {
	r, _ := utf8.DecodeRuneInString(s)
	return r
}

func lastRune(s string) rune {
	r, _ := utf8.DecodeLastRuneInString(s)
	return r
}

// IsString reports whether s, written plain, reads as a string here and with
// readers of YAML 1.1, where yes is a truth and 1:30 a number.
func IsString(s string) bool {
	if s == "" {
		return false
	}
	switch c := s[0]; {
	case c >= '0' && c <= '9', c == '+', c == '-', c == '.':
		return yamltext.PlainType(s) == yamltext.Str && !isSexagesimal(s)
	case strings.IndexByte("yYnNtTfFoO~", c) < 0:
		return true
	}
	switch s {
	case "y", "Y", "yes", "Yes", "YES", "on", "On", "ON",
		"n", "N", "no", "No", "NO", "off", "Off", "OFF",
		"true", "True", "TRUE", "false", "False", "FALSE",
		"~", "null", "Null", "NULL":
		return false
	}
	return true
}

// isSexagesimal reports whether s is a number of base 60 in YAML 1.1: digits,
// then groups after colons that are below 60, then perhaps a fraction.
func isSexagesimal(s string) bool {
	s = strings.TrimLeft(s[:1], "+-") + s[1:]
	groups := strings.Split(s, ":")
	if len(groups) < 2 || groups[0] == "" || !isDigit(groups[0][0]) {
		return false
	}
	last := len(groups) - 1
	groups[last], _, _ = cutFraction(groups[last])
	for i, g := range groups {
		switch {
		case i == 0 && strings.Trim(g, "0123456789_") != "":
			return false
		case i > 0 && (len(g) < 1 || len(g) > 2 || strings.Trim(g, "0123456789") != ""):
			return false
		case i > 0 && len(g) == 2 && g[0] > '5':
			return false
		}
	}
	return true
}

// cutFraction cuts a well-formed fraction from the end of s.
func cutFraction(s string) (whole, fraction string, ok bool) {
	whole, fraction, ok = strings.Cut(s, ".")
	if ok && strings.Trim(fraction, "0123456789_") != "" {
		return s, "", false
	}
	return whole, fraction, ok
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
