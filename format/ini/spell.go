package ini

import "strings"

// spellings returns the quotes to try for a value, best first: those that the
// SOPS writes, then all others.
func spellings(text string) []string {
	switch {
	case strings.ContainsAny(text, "\n`"):
		return []string{triple, back, "", `"`, `'`}
	case strings.ContainsAny(text, signs):
		return []string{back, triple, `"`, `'`, ""}
	case strings.TrimSpace(text) != text:
		return []string{`"`, back, triple, `'`, ""}
	}
	return []string{"", back, triple, `"`, `'`}
}

// spell returns text as it is written in one of the given quotes, the first in
// which it reads back, alike for SOPS and for us. rest is what is
// after it on the line.
func spell(text, rest string, quotes ...string) (string, bool) {
	if quotes[0] == "" && rest == "" && ordinary(text) {
		return text, true
	}
	for _, q := range quotes {
		if written := q + text + q; readsAs(written, rest, text, false) && readsAs(written, rest, text, true) {
			return written, true
		}
	}
	return "", false
}

// restore returns what Unmask writes for text where a token is in the given
// quotes: what reads back with any comment after it, and with rest; if need be
// for us alone.
func restore(text, quote, rest string) (string, bool) {
	if quote != back && quote != triple && ordinary(text) && (rest == "" || isNote(rest)) {
		return quote + text + quote, true
	}
	quotes := spellings(text)
	if quote != "" {
		quotes = append([]string{quote}, quotes...)
	}
	fits := func(written string, encrypted bool) bool {
		return readsAs(written, "", text, encrypted) && readsAs(written, " ;", text, encrypted) && readsAs(written, rest, text, encrypted)
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
	i := first(rest, signs)
	return i > 0 && strings.Trim(rest[:i], " \t") == "" && beginsNote(rest, i)
}

// readsAs reports whether written, with rest after it, reads as text.
func readsAs(written, rest, text string, encrypted bool) bool {
	v, ok := readAlone(written+rest, encrypted)
	return ok && v.text == text && v.tail.of(written+rest+"\n") == strings.TrimSpace(rest)
}

// readAlone reads a value that is all of text.
func readAlone(text string, encrypted bool) (value, bool) {
	s := &scanner{src: text + "\n", encrypted: encrypted, line: 1}
	v, err := s.readValue(0)
	return v, err == nil && v.next == len(s.src)
}

// spellKey returns a key as it is written at the start of a line: as SOPS
// writes it, or in the first quotes in which it reads back.
func spellKey(name string) (string, bool) {
	quotes := []string{"", back, triple, `"`}
	switch {
	case strings.ContainsAny(name, `"`+delimiters):
		quotes = []string{back, triple, ""}
	case strings.Contains(name, back):
		quotes = []string{triple, "", `"`}
	}
	for _, q := range quotes {
		written := q + name + q
		s := &scanner{src: written + " = x\n", line: 1, auto: 1}
		s.sections = []*section{{}}
		if strings.Contains(name, "\n") || s.step() != nil || s.pos != len(s.src) {
			continue
		}
		if keys := s.sections[0].keys; len(s.sections) == 1 && len(keys) == 1 && keys[0].name == name && keys[0].val.text == "x" {
			return written, true
		}
	}
	return "", false
}
