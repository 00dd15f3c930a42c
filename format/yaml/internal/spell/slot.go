// Package spell says how values are written in YAML so that they read back: in the
// style of a place, or in that which the emitter of SOPS would choose.
package spell

import (
	"encoding/base64"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/seed-1f7fdfb8/sops/format/yaml/internal/lines"
	"github.com/seed-1f7fdfb8/sops/internal/yamltext"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// A Slot is where a value is written: its surroundings, and the presentation
// of the token that holds the place. Mask and Unmask both derive spellings from
// slots, so what Unmask will write is known to Mask.
type Slot struct {
	Style   yamltext.Style
	InFlow  bool
	InList  bool
	Column  int
	Step    int    // indentation of new block scalars
	Head    string // block tokens: the signs of the header
	Indent  string // block tokens: what is before the content
	Newline string
	OneLine bool // nothing may follow on further lines
}

// Refit returns header and body of a block scalar for v in the place of a block
// token. The header says how v ends, where that of the token does not.
func (s *Slot) Refit(v tree.Value) (head, body string, ok bool) {
	if v.Kind() != tree.String {
		return "", "", false
	}
	fitted := *s
	fitted.Head = s.HeadFor(v.Str())
	body, ok = fitted.body(v.Str())
	return fitted.Head, body, ok
}

// HeadFor returns the header of the token with the chomping sign that t needs.
func (s *Slot) HeadFor(t string) string {
	if s.chomps(t) {
		return s.Head
	}
	ends := len(t) - len(strings.TrimRight(t, "\n"))
	return Chomping(s.Head, [...]string{"-", "", "+"}[min(ends, 2)])
}

// Chomping returns the header of a block scalar with another chomping sign.
func Chomping(head, sign string) string {
	if i := strings.IndexAny(head, "+-"); i >= 0 {
		head = head[:i] + head[i+1:]
	}
	return head + sign
}

// Write returns the text for v. For a block token it is the body after the
// header unless whole is set; else it takes the place of the token.
func (s *Slot) Write(v tree.Value) (text string, whole bool) {
	if v.Kind() != tree.String {
		return Typed(v), true
	}
	t := v.Str()
	switch s.Style {
	case yamltext.Literal, yamltext.Folded:
		if body, ok := s.body(t); ok {
			return body, false
		}
	case yamltext.SingleQuoted:
		if q, ok := singleQuoted(t); ok {
			return q, true
		}
	case yamltext.Plain:
		return s.Free(t), true
	}
	return Quoted(t), true
}

// Typed writes what is no string.
func Typed(v tree.Value) string {
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

// Free writes t in the style that the emitter of the library would choose.
func (s *Slot) Free(t string) string {
	if !utf8.ValidString(t) {
		return s.binary(t)
	}
	l := Look(t)
	if strings.Contains(t, "\n") {
		if l.Literal && !s.InFlow && !s.OneLine {
			if b, ok := s.literal(t); ok {
				return b
			}
		}
		return Quoted(t)
	}
	switch {
	case t == MergeKey:
		return "!!merge " + t // SOPS has it so
	case !IsString(t):
		return Quoted(t)
	}
	if s.InFlow && l.FlowPlain || !s.InFlow && l.Plain {
		return t
	}
	if q, ok := singleQuoted(t); ok && l.Single {
		return q
	}
	return Quoted(t)
}

// binary writes bytes that are no text.
func (s *Slot) binary(t string) string {
	b := Base64(t)
	if strings.Contains(b, "\n") {
		if s.InFlow || s.OneLine {
			return Quoted(t)
		}
		b, _ = s.literal(b)
	}
	return "!!binary " + b
}

// Base64 encodes t; long texts are lines of 70, as the emitter writes them.
func Base64(t string) string {
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
func (s *Slot) literal(t string) (string, bool) {
	depth := s.Column + 2
	if !s.InList {
		depth = s.Step * ((s.Column + s.Step) / s.Step)
	}
	if s.Column < 0 {
		depth = s.Step
	}
	head := "|"
	if t[0] == ' ' || t[0] == '\n' {
		digit := depth - max(s.Column, 0)
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
	return head + s.Newline + indentLines(t, strings.Repeat(" ", depth), s.Newline), true
}

// isIndented reports whether text is what indentLines makes of t.
func isIndented(text, t, indent, newline string) bool {
	for line := range strings.Lines(strings.TrimSuffix(t, "\n")) {
		line, more := strings.CutSuffix(line, "\n")
		if line != "" {
			if !strings.HasPrefix(text, indent) || !strings.HasPrefix(text[len(indent):], line) {
				return false
			}
			text = text[len(indent)+len(line):]
		}
		if more {
			var ok bool
			if text, ok = strings.CutPrefix(text, newline); !ok {
				return false
			}
		}
	}
	return text == ""
}

// linesReadable reports whether each character of t is readable, or breaks a line.
func linesReadable(t string) bool {
	for i := 0; i < len(t); {
		if c := t[i]; c >= ' ' && c <= '~' || c == '\n' {
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(t[i:])
		if r == utf8.RuneError && n == 1 || !Readable(r) {
			return false
		}
		i += n
	}
	return true
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
func (s *Slot) body(t string) (string, bool) {
	if !s.holds(t) {
		return "", false
	}
	return indentLines(t, s.Indent, s.Newline), true
}

// Gives reports whether v has this header and body as a block scalar in the place of
// a block token.
func (s *Slot) Gives(v tree.Value, head, body string) bool {
	if v.Kind() != tree.String || s.HeadFor(v.Str()) != head {
		return false
	}
	fitted := *s
	fitted.Head = head
	return fitted.holds(v.Str()) && isIndented(body, v.Str(), s.Indent, s.Newline)
}

// holds reports whether a block scalar with this header can hold t.
func (s *Slot) holds(t string) bool {
	if !linesReadable(t) || !s.chomps(t) {
		return false
	}
	first := strings.TrimLeft(t, "\n")
	if first == "" || strings.HasPrefix(first, "\t") {
		return false
	}
	if strings.HasPrefix(first, " ") && !strings.ContainsAny(s.Head, "123456789") {
		return false
	}
	if s.Style == yamltext.Folded {
		if inner := strings.TrimRight(t, "\n"); strings.Contains(inner, "\n") || first != t || lines.IsBlank(t[0]) {
			return false
		}
	}
	return true
}

// chomps reports whether the header's chomping sign gives back the end of t.
func (s *Slot) chomps(t string) bool {
	ends := len(t) - len(strings.TrimRight(t, "\n"))
	switch {
	case strings.Contains(s.Head, "-"):
		return ends == 0
	case strings.Contains(s.Head, "+"):
		return ends > 0
	}
	return ends == 1
}

// Set is write for a value that a person puts there: text with newlines becomes
// a literal block where its old style would need escapes.
func (s *Slot) Set(n *tree.Scalar) (text string, whole bool) {
	v := n.Value
	if v.Kind() != tree.String {
		return Exact(n), true
	}
	t := v.Str()
	switch {
	case s.Style == yamltext.Literal || s.Style == yamltext.Folded:
		if body, ok := s.body(t); ok {
			return body, false
		}
		return s.Free(t), true
	case s.Style == yamltext.SingleQuoted && strings.Contains(t, "\n"):
		return s.Free(t), true
	case s.Style == yamltext.Plain && s.InFlow && !Look(t).FlowPlain:
		return Quoted(t), true
	}
	return s.Write(v)
}
