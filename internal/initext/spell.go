package initext

import "strings"

// Spellings returns the quotes to try for a value, best first: those that the
// SOPS writes, then all others.
func Spellings(text string) []string {
	switch {
	case strings.ContainsAny(text, "\n`"):
		return []string{Triple, Back, "", `"`, `'`}
	case strings.ContainsAny(text, signs):
		return []string{Back, Triple, `"`, `'`, ""}
	case strings.TrimSpace(text) != text:
		return []string{`"`, Back, Triple, `'`, ""}
	}
	return []string{"", Back, Triple, `"`, `'`}
}

// Spell returns text as it is written in one of the given quotes, the first in
// which it reads back, alike for SOPS and for us. rest is what is
// after it on the line.
func Spell(text, rest string, quotes ...string) (string, bool) {
	if quotes[0] == "" && rest == "" && ordinary(text) {
		return text, true
	}
	for _, q := range quotes {
		if written := q + text + q; ReadsAs(written, rest, text, false) && ReadsAs(written, rest, text, true) {
			return written, true
		}
	}
	return "", false
}

// Restore returns what Unmask writes for text where a token is in the given
// quotes: what reads back with any comment after it, and with rest; if need be
// for us alone.
func Restore(text, quote, rest string) (string, bool) {
	if quote != Back && quote != Triple && ordinary(text) && (rest == "" || isNote(rest)) {
		return quote + text + quote, true
	}
	quotes := Spellings(text)
	if quote != "" {
		quotes = append([]string{quote}, quotes...)
	}
	fits := func(written string, encrypted bool) bool {
		return ReadsAs(written, "", text, encrypted) && ReadsAs(written, " ;", text, encrypted) && ReadsAs(written, rest, text, encrypted)
	}
	for _, alone := range []bool{false, true} {
		for _, q := range quotes {
			if written := q + text + q; fits(written, false) && (alone || fits(written, true)) {
				return written, true
			}
		}
	}
	return "", false
}

// ordinary reports whether text plainly reads as itself, bare or in simple
// quotes.
func ordinary(text string) bool {
	return text != "" && !strings.ContainsAny(text, "#;`\"'\\\n") && strings.TrimSpace(text) == text
}

// isNote reports whether the rest of a line is blanks and a comment whose sign
// is alone.
func isNote(rest string) bool {
	i := First(rest, signs)
	return i > 0 && strings.Trim(rest[:i], " \t") == "" && beginsNote(rest, i)
}

// ReadsAs reports whether written, with rest after it, reads as text.
func ReadsAs(written, rest, text string, encrypted bool) bool {
	v, ok := ReadAlone(written+rest, encrypted)
	return ok && v.Text == text && v.Tail.Of(written+rest+"\n") == strings.TrimSpace(rest)
}

// ReadAlone reads a value that is all of text.
func ReadAlone(text string, encrypted bool) (value, bool) {
	s := &scanner{src: text + "\n", encrypted: encrypted, line: 1}
	v, err := s.readValue(0)
	return v, err == nil && v.Next == len(s.src)
}

// SpellKey returns a key as it is written at the start of a line: as SOPS
// writes it, or in the first quotes in which it reads back.
func SpellKey(name string) (string, bool) {
	quotes := []string{"", Back, Triple, `"`}
	switch {
	case strings.ContainsAny(name, `"`+Delimiters):
		quotes = []string{Back, Triple, ""}
	case strings.Contains(name, Back):
		quotes = []string{Triple, "", `"`}
	}
	for _, q := range quotes {
		written := q + name + q
		s := &scanner{src: written + " = x\n", line: 1, auto: 1}
		s.sections = []*Section{{}}
		if strings.Contains(name, "\n") || s.step() != nil || s.pos != len(s.src) {
			continue
		}
		if keys := s.sections[0].Keys; len(s.sections) == 1 && len(keys) == 1 && keys[0].Name == name && keys[0].Value.Text == "x" {
			return written, true
		}
	}
	return "", false
}
