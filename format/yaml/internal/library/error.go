package library

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/format/yaml/internal/lines"
	"github.com/seed-1f7fdfb8/sops/format/yaml/internal/spell"
)

var (
	libraryLine = regexp.MustCompile(`^line (\d+): `)
	quotedText  = regexp.MustCompile(`'[^']*'`)
)

// libraryError turns an error of the library about text into ours. The library's
// own can hold a part of the text, such as the name of an anchor, which is a
// password that begins with * and was typed without quotes.
func libraryError(text []byte, err error) error {
	msg := strings.TrimPrefix(err.Error(), "yaml: ")
	e := &format.Error{Line: 1} // the library is silent about the first line
	if m := libraryLine.FindStringSubmatch(msg); m != nil {
		e.Line, _ = strconv.Atoi(m[1])
		msg = msg[len(m[0]):]
		if fromParser(msg) {
			// Its parser counts from 0, its scanner from 1.
			e.Line = min(e.Line+1, bytes.Count(bytes.TrimRight(text, "\r\n \t"), []byte("\n"))+1)
		}
	}
	if name, ok := between(msg, "unknown anchor '", "' referenced"); ok {
		e.Line, e.Column = placeOf(text, "*"+name)
		e.Msg = "unknown anchor: an alias refers to an anchor that is not above it in the text"
		e.Hint = "if it is no alias but a text that begins with *, put it in quotes"
		return e
	}
	if name, ok := between(msg, "anchor '", "' value contains itself"); ok {
		e.Line, e.Column = placeOf(text, "*"+name)
		e.Msg = "an alias refers to a collection that holds it"
		return e
	}
	e.Msg = quotedText.ReplaceAllStringFunc(msg, func(s string) string {
		if strings.ContainsFunc(s, unicode.IsLetter) || strings.ContainsFunc(s, unicode.IsDigit) {
			return "a part of the text"
		}
		return s
	})
	switch {
	case strings.Contains(msg, "cannot start any token"):
		e.Hint = "indent with spaces, not tabs, and quote values that begin with @, ` or %"
	case strings.Contains(msg, "incompatible YAML document"):
		e.Line, e.Column = placeOf(text, "%YAML")
		e.Msg = "the directive asks for another version of YAML than 1.1, which SOPS does not read"
		e.Hint = "remove the line %YAML"
	case strings.Contains(msg, "exceeded max depth"):
		e.Msg = "collections are nested more than 10000 deep"
	case strings.Contains(msg, "undefined tag handle"):
		e.Hint = "if it is no tag but a text that begins with !, put it in quotes"
	case strings.Contains(msg, "UTF-8") || strings.Contains(msg, "control characters") || strings.Contains(msg, "invalid Unicode"):
		e.Line, e.Column = badCharacter(text)
	}
	return e
}

// fromParser reports whether a message comes from the library's parser, and not
// from its scanner.
func fromParser(msg string) bool {
	for _, begin := range []string{
		"did not find expected key", "did not find expected ','", "did not find expected node content", "did not find expected <",
		"did not find expected '-'", "found undefined tag handle", "found duplicate %", "found incompatible",
	} {
		if strings.HasPrefix(msg, begin) {
			return true
		}
	}
	return false
}

func between(s, before, after string) (string, bool) {
	s, ok := strings.CutPrefix(s, before)
	if !ok {
		return "", false
	}
	return strings.CutSuffix(s, after)
}

// placeOf returns line and column of the first word in text.
func placeOf(text []byte, word string) (line, column int) {
	for at := 0; at < len(text); {
		i := bytes.Index(text[at:], []byte(word))
		if i < 0 {
			break
		}
		i += at
		at = i + len(word)
		before := i == 0 || lines.IsBlank(text[i-1]) || lines.EndsInBreak(text[:i]) || bytes.IndexByte([]byte("[{,:"), text[i-1]) >= 0
		if before && (at == len(text) || !isAnchorByte(text[at])) {
			return lineAndColumn(text, i)
		}
	}
	return 0, 0
}

func isAnchorByte(c byte) bool {
	return c == '_' || c == '-' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// badCharacter returns the place of the first character that YAML does not take.
func badCharacter(text []byte) (line, column int) {
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && n == 1 || !spell.Printable(r) && !spell.Readable(r) && !spell.IsBreak(r) && r != 0xFEFF {
			return lineAndColumn(text, i)
		}
		i += n
	}
	return 0, 0
}

func lineAndColumn(text []byte, i int) (line, column int) {
	line, start := 1, 0
	for at := 0; at < i; {
		n := lines.BreakAt(text, at)
		if at += max(n, 1); n > 0 && at <= i {
			line, start = line+1, at
		}
	}
	return line, utf8.RuneCount(text[start:i]) + 1
}
