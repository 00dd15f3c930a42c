package hint

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean spells out what of s would command the terminal, turn the direction of
// writing or not be seen, and bytes that are no text: texts of files, servers and
// other programs are shown so. Line breaks and tabs stay.
func Clean(s string) string {
	return spelled(s, func(r rune) bool { return hidden(r) && r != '\n' && r != '\t' })
}

// Line does the same with a text that is shown in the middle of a line, and
// spells out line breaks and tabs too.
func Line(s string) string { return spelled(s, hidden) }

// Short makes one line of at most so many characters of a text that may have many.
func Short(s string, most int) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "?")), " ")
	if runes := []rune(s); len(runes) > most {
		s = string(runes[:most]) + "..."
	}
	return Line(s)
}

// Cleaned returns an error with the text of err as Clean has it.
func Cleaned(err error) error { return cleaned{err} }

type cleaned struct{ error }

func (c cleaned) Error() string { return Clean(c.error.Error()) }

// Unwrap returns the error as it is.
func (c cleaned) Unwrap() error { return c.error }

// Message is Clean for a text that follows a prefix of ours: none of its other
// lines looks like a message of its own.
func Message(s string) string {
	lines := strings.Split(Clean(strings.TrimRight(s, "\n")), "\n")
	for i := range lines {
		if i > 0 && strings.HasPrefix(lines[i], "sops:") {
			lines[i] = "  " + lines[i]
		}
	}
	return strings.Join(lines, "\n")
}

func spelled(s string, bad func(rune) bool) string {
	if utf8.ValidString(s) && !strings.ContainsFunc(s, bad) {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		switch _, size := utf8.DecodeRuneInString(s[i:]); {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i]) // some terminals take commands of one byte
		case !bad(r):
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// hidden reports whether r does something else than to show itself. The joiners
// do too, but people write with them.
func hidden(r rune) bool {
	const nonJoiner, joiner = '\u200c', '\u200d'
	return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) && r != nonJoiner && r != joiner
}

// ShellWord returns text as one word of a shell: people paste hints. What is hidden
// is spelled in the way of bash and zsh.
func ShellWord(text string) string {
	if !utf8.ValidString(text) || strings.ContainsFunc(text, hidden) {
		return "$'" + ansiC(text) + "'"
	}
	plain := func(r rune) bool {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("/._-+=:,@%", r)
	}
	if text != "" && strings.IndexFunc(text, func(r rune) bool { return !plain(r) }) < 0 {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

func ansiC(text string) string {
	var b strings.Builder
	for i, r := range text {
		_, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == '\'' || r == '\\':
			b.WriteString(`\` + string(r))
		case hidden(r) || r == utf8.RuneError && size == 1:
			for _, c := range []byte(text[i : i+size]) {
				fmt.Fprintf(&b, `\x%02x`, c)
			}
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Path returns the name of a file as one word of a shell that no command takes
// for a flag.
func Path(name string) string {
	if strings.HasPrefix(name, "-") {
		name = "./" + name
	}
	return ShellWord(name)
}

// EncodeJSON writes v as JSON, one value a line, whose texts hide nothing either:
// they are the same to programs.
func EncodeJSON(w io.Writer, v any, indent string) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", indent)
	if err := e.Encode(v); err != nil {
		return err
	}
	var out strings.Builder
	for _, r := range b.String() {
		switch {
		case r == '\n' || !hidden(r):
			out.WriteRune(r)
		case r > 0xffff:
			high, low := surrogates(r)
			fmt.Fprintf(&out, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&out, `\u%04x`, r)
		}
	}
	_, err := io.WriteString(w, out.String())
	return err
}

func surrogates(r rune) (high, low rune) {
	const first, last, base = 0xd800, 0xdc00, 0x10000
	r -= base
	return first + r>>10, last + r&0x3ff
}
