package yaml

import (
	"strings"
	"unicode/utf8"
)

// looks are the styles in which a text can be written so that it reads back,
// by the rules of the emitter that wrote the files of SOPS.
type looks struct {
	plain     bool // in a block collection
	flowPlain bool // in a flow collection
	single    bool
	literal   bool
}

// look weighs s. What a plain text would be read as is another matter: see
// isString.
func look(s string) looks {
	if s == "" {
		return looks{plain: true, single: true}
	}
	if isWord(s) {
		return looks{true, true, true, true}
	}
	l := looks{true, true, true, true}
	if strings.HasPrefix(s, "---") || strings.HasPrefix(s, "...") {
		l.plain, l.flowPlain = false, false
	}
	if s[0] == ' ' || s[len(s)-1] == ' ' || isBreak(firstRune(s)) || isBreak(lastRune(s)) {
		l.plain, l.flowPlain = false, false
	}
	if s[len(s)-1] == ' ' {
		l.literal = false
	}
	l.indicators(s)
	l.characters(s)
	return l
}

// isWord reports whether s is of letters, digits and a few signs that have no
// meaning anywhere: the usual case, decided quickly.
func isWord(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '_', c == '/', c == '+', c == '=':
		case (c == '-' || c == '.') && i > 0:
		default:
			return false
		}
	}
	return true
}

// indicators looks for signs that mean something in the syntax.
func (l *looks) indicators(s string) {
	for i := range len(s) {
		blankNext := i+1 == len(s) || isBlank(s[i+1])
		blankBefore := i == 0 || isBlank(s[i-1]) || s[i-1] == '\n' || s[i-1] == '\r'
		switch c := s[i]; c {
		case ',', '[', ']', '{', '}':
			l.flowPlain = false
			l.plain = l.plain && i > 0
		case '&', '*', '!', '|', '>', '\'', '"', '%', '@', '`':
			if i == 0 {
				l.plain, l.flowPlain = false, false
			}
		case '?':
			l.flowPlain = false
			l.plain = l.plain && !(i == 0 && blankNext)
		case ':':
			l.flowPlain = false
			l.plain = l.plain && !blankNext
		case '-':
			if i == 0 && blankNext {
				l.plain, l.flowPlain = false, false
			}
		case '#':
			if blankBefore {
				l.plain, l.flowPlain = false, false
			}
		}
	}
}

// characters looks at breaks, tabs and what cannot be printed.
func (l *looks) characters(s string) {
	var last rune
	for _, r := range s {
		switch {
		case r == '\t':
			l.plain, l.flowPlain, l.single = false, false, false
		case !printable(r):
			*l = looks{}
			return
		case isBreak(r):
			l.plain, l.flowPlain = false, false
			if last == ' ' {
				*l = looks{}
				return
			}
		case r == ' ' && isBreak(last):
			l.plain, l.flowPlain, l.single = false, false, false
		}
		last = r
	}
}

// printable reports whether the emitter writes r as it is.
func printable(r rune) bool {
	return r == '\n' || r >= ' ' && r <= '~' || r >= 0xA0 && r <= 0xD7FF ||
		r >= 0xE000 && r <= 0xFFFD && r != 0xFEFF
}

// readable reports whether r may be in a text as it is and reads as itself
// within a line.
func readable(r rune) bool {
	return r == '\t' || r != '\n' && printable(r) && !isBreak(r) || r >= 0x10000 && r <= 0x10FFFF
}

func isBreak(r rune) bool {
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

// isString reports whether s, written plain, reads as a string here and with
// readers of YAML 1.1, where yes is a truth and 1:30 a number.
func isString(s string) bool {
	if s == "" {
		return false
	}
	switch c := s[0]; {
	case c >= '0' && c <= '9', c == '+', c == '-', c == '.':
		return tagOf(s) == "!!str" && !isSexagesimal(s)
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
