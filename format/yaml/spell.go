package yaml

import (
	"encoding/base64"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/seed-1f7fdfb8/sops/tree"
)

// A slot is where a value is written: its surroundings, and the presentation
// of the token that holds the place. Mask and Unmask both derive spellings from
// slots, so what Unmask will write is known to Mask.
type slot struct {
	style   style
	flow    bool
	list    bool
	column  int
	step    int    // indentation of new block scalars
	head    string // block tokens: the signs of the header
	indent  string // block tokens: what is before the content
	newline string
	oneLine bool // nothing may follow on further lines
}

// refit returns header and body of a block scalar for v in the place of a block
// token. The header says how v ends, where that of the token does not.
func (s *slot) refit(v tree.Value) (head, body string, ok bool) {
	if v.Kind() != tree.String {
		return "", "", false
	}
	fitted := *s
	fitted.head = s.headFor(v.Str())
	body, ok = fitted.body(v.Str())
	return fitted.head, body, ok
}

// headFor returns the header of the token with the chomping sign that t needs.
func (s *slot) headFor(t string) string {
	if s.chomps(t) {
		return s.head
	}
	ends := len(t) - len(strings.TrimRight(t, "\n"))
	return chomping(s.head, [...]string{"-", "", "+"}[min(ends, 2)])
}

// chomping returns the header of a block scalar with another chomping sign.
func chomping(head, sign string) string {
	if i := strings.IndexAny(head, "+-"); i >= 0 {
		head = head[:i] + head[i+1:]
	}
	return head + sign
}

// write returns the text for v. For a block token it is the body after the
// header unless whole is set; else it takes the place of the token.
func (s *slot) write(v tree.Value) (text string, whole bool) {
	if v.Kind() != tree.String {
		return spellTyped(v), true
	}
	t := v.Str()
	switch s.style {
	case literal, folded:
		if body, ok := s.body(t); ok {
			return body, false
		}
	case single:
		if q, ok := singleQuoted(t); ok {
			return q, true
		}
	case plain:
		return s.free(t), true
	}
	return quoted(t), true
}

// spellTyped writes what is no string.
func spellTyped(v tree.Value) string {
	switch v.Kind() {
	case tree.Null:
		return "null"
	case tree.Bool:
		return strings.ToLower(v.Canonical())
	case tree.Float:
		return spellFloat(v.Float())
	}
	return v.Canonical()
}

func spellFloat(f float64) string {
	switch {
	case math.IsInf(f, 1):
		return ".inf"
	case math.IsInf(f, -1):
		return "-.inf"
	case math.IsNaN(f):
		return ".nan"
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}

// free writes t in the style that the emitter of the library would choose.
func (s *slot) free(t string) string {
	if !utf8.ValidString(t) {
		return s.binary(t)
	}
	l := look(t)
	if strings.Contains(t, "\n") {
		if l.literal && !s.flow && !s.oneLine {
			if b, ok := s.literal(t); ok {
				return b
			}
		}
		return quoted(t)
	}
	switch {
	case t == mergeKey:
		return "!!merge " + t // SOPS has it so
	case !isString(t):
		return quoted(t)
	}
	if s.flow && l.flowPlain || !s.flow && l.plain {
		return t
	}
	if q, ok := singleQuoted(t); ok && l.single {
		return q
	}
	return quoted(t)
}

// binary writes bytes that are no text.
func (s *slot) binary(t string) string {
	b := base64Lines(t)
	if strings.Contains(b, "\n") {
		if s.flow || s.oneLine {
			return quoted(t)
		}
		b, _ = s.literal(b)
	}
	return "!!binary " + b
}

// base64Lines encodes t; long texts are lines of 70, as the emitter writes them.
func base64Lines(t string) string {
	const line = 70
	b := base64.StdEncoding.EncodeToString([]byte(t))
	if len(b) < line {
		return b
	}
	var lines strings.Builder
	for ; len(b) > line; b = b[line:] {
		lines.WriteString(b[:line] + "\n")
	}
	return lines.String() + b + "\n"
}

// literal writes t as a new literal block.
func (s *slot) literal(t string) (string, bool) {
	depth := s.column + 2
	if !s.list {
		depth = s.step * ((s.column + s.step) / s.step)
	}
	if s.column < 0 {
		depth = s.step
	}
	head := "|"
	if t[0] == ' ' || t[0] == '\n' {
		digit := depth - max(s.column, 0)
		if digit > 9 {
			return "", false
		}
		head += strconv.Itoa(digit)
	}
	switch {
	case !strings.HasSuffix(t, "\n"):
		head += "-"
	case t == "\n", strings.HasSuffix(t, "\n\n"):
		head += "+"
	}
	return head + s.newline + indentLines(t, strings.Repeat(" ", depth), s.newline), true
}

// indentLines writes the lines of t without the break after the last one.
func indentLines(t, indent, newline string) string {
	t = strings.TrimSuffix(t, "\n")
	if !strings.Contains(t, "\n") {
		if t == "" {
			return ""
		}
		return indent + t
	}
	lines := strings.Count(t, "\n") + 1
	var b strings.Builder
	b.Grow(len(t) + lines*(len(indent)+len(newline)-1))
	for line := range strings.Lines(t) {
		text, more := strings.CutSuffix(line, "\n")
		if text != "" {
			b.WriteString(indent)
			b.WriteString(text)
		}
		if more {
			b.WriteString(newline)
		}
	}
	return b.String()
}

// body writes t as the body of a block scalar whose header is there already.
func (s *slot) body(t string) (string, bool) {
	for _, r := range t {
		if !readable(r) && r != '\n' {
			return "", false
		}
	}
	if !utf8.ValidString(t) || !s.chomps(t) {
		return "", false
	}
	first := strings.TrimLeft(t, "\n")
	if first == "" || strings.HasPrefix(first, "\t") {
		return "", false
	}
	if strings.HasPrefix(first, " ") && !strings.ContainsAny(s.head, "123456789") {
		return "", false
	}
	if s.style == folded {
		if inner := strings.TrimRight(t, "\n"); strings.Contains(inner, "\n") || first != t || isBlank(t[0]) {
			return "", false
		}
	}
	return indentLines(t, s.indent, s.newline), true
}

// chomps reports whether the header's chomping sign gives back the end of t.
func (s *slot) chomps(t string) bool {
	ends := len(t) - len(strings.TrimRight(t, "\n"))
	switch {
	case strings.Contains(s.head, "-"):
		return ends == 0
	case strings.Contains(s.head, "+"):
		return ends > 0
	}
	return ends == 1
}

func singleQuoted(t string) (string, bool) {
	for _, r := range t {
		if !readable(r) {
			return "", false
		}
	}
	return "'" + strings.ReplaceAll(t, "'", "''") + "'", utf8.ValidString(t)
}

// quoted writes t in double quotes. Bytes that are no text have no such form
// and are written as the tag for binary data asks.
func quoted(t string) string {
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
	case printable(r):
		return ""
	case r <= 0xFF:
		return fmt.Sprintf(`\x%02X`, r)
	case r <= 0xFFFF:
		return fmt.Sprintf(`\u%04X`, r)
	}
	return fmt.Sprintf(`\U%08X`, r)
}
