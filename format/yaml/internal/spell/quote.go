package spell

import (
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"
)

func singleQuoted(t string) (string, bool) {
	for _, r := range t {
		if !Readable(r) {
			return "", false
		}
	}
	return "'" + strings.ReplaceAll(t, "'", "''") + "'", utf8.ValidString(t)
}

// Quoted writes t in double quotes. Bytes that are no text have no such form
// and are written as the tag for binary data asks.
func Quoted(t string) string {
	if !utf8.ValidString(t) {
		return "!!binary " + base64.StdEncoding.EncodeToString([]byte(t))
	}
	if !needsEscape(t) {
		return `"` + t + `"`
	}
	var b strings.Builder
	b.Grow(len(t) + 2)
	b.WriteByte('"')
	for _, r := range t {
		if e := escape(r); e != "" {
			b.WriteString(e)
		} else {
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// needsEscape reports whether t has more than what double quotes hold as it is; of
// characters beyond ASCII it does not know.
func needsEscape(t string) bool {
	for i := range len(t) {
		if c := t[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return true
		}
	}
	return false
}

// escape returns how r is written in double quotes, "" if as itself.
func escape(r rune) string {
	switch r {
	case '"':
		return `\"`
	case '\\':
		return `\\`
	case 0:
		return `\0`
	case '\a':
		return `\a`
	case '\b':
		return `\b`
	case '\t':
		return `\t`
	case '\n':
		return `\n`
	case '\v':
		return `\v`
	case '\f':
		return `\f`
	case '\r':
		return `\r`
	case 0x1b:
		return `\e`
	case 0x85:
		return `\N`
	case 0x2028:
		return `\L`
	case 0x2029:
		return `\P`
	}
	switch {
	case Printable(r):
		return ""
	case r <= 0xFF:
		return fmt.Sprintf(`\x%02X`, r)
	case r <= 0xFFFF:
		return fmt.Sprintf(`\u%04X`, r)
	}
	return fmt.Sprintf(`\U%08X`, r)
}
