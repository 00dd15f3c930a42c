// Package sniff finds out by its content what a text looks to be: an encrypted
// file and of which format, one with tokens in it, one that a merge has marked.
package sniff

import (
	"bytes"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/format/binary"
	"github.com/seed-1f7fdfb8/sops/format/json"
	"github.com/seed-1f7fdfb8/sops/format/yaml"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// tokenStart begins every encrypted value.
const tokenStart = "ENC[AES256_GCM,"

// Detect returns the format of an encrypted file by its metadata, for files
// whose names say nothing. The file need not be sound: the reason why it cannot
// be read is one of that format.
func Detect(data []byte) (format string, encrypted bool) {
	text := narrow(data)
	if !bytes.Contains(text, []byte(tokenStart)) {
		return "", false
	}
	seen := signsIn(text)
	switch {
	case seen.json && bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")):
		return detectJSON(data), true
	case seen.dotenv:
		return "dotenv", true
	case seen.ini:
		return "ini", true
	case seen.yaml:
		return "yaml", true
	}
	return "json", seen.json // with something before its first brace
}

// signs says of which formats the metadata in a text looks to be.
type signs struct{ json, dotenv, ini, yaml bool }

// signsIn looks at each place where the name of the metadata is: there are few in
// a text that is tokens.
func signsIn(text []byte) (seen signs) {
	const name = "sops"
	for at := 0; ; at += len(name) {
		i := bytes.Index(text[at:], []byte(name))
		if i < 0 {
			return seen
		}
		at += i
		before, after := text[:at], text[at+len(name):]
		seen.json = seen.json || bytes.HasSuffix(before, []byte(`"`)) && bytes.HasPrefix(after, []byte(`"`)) && followed(after[1:], ':')
		seen.yaml = seen.yaml || atLine(unquoted(before, bytes.TrimSuffix)) && followed(unquoted(after, bytes.TrimPrefix), ':')
		seen.ini = seen.ini || bytes.HasSuffix(before, []byte("[")) && bytes.HasPrefix(after, []byte("]")) && firstInLine(before[:at-1])
		seen.dotenv = seen.dotenv || metadataName(after) && (firstInLine(before) || firstInLine(exported(before)))
	}
}

// blanks are the white space of regular expressions.
const blanks = "\t\n\f\r "

// followed reports whether c is the next in text that is not blank.
func followed(text []byte, c byte) bool {
	text = bytes.TrimLeft(text, blanks)
	return len(text) > 0 && text[0] == c
}

// unquoted trims one quote.
func unquoted(text []byte, trim func(text, quote []byte) []byte) []byte {
	if short := trim(text, []byte(`"`)); len(short) < len(text) {
		return short
	}
	return trim(text, []byte("'"))
}

// atLine reports whether a line begins after text.
func atLine(text []byte) bool { return len(text) == 0 || text[len(text)-1] == '\n' }

// firstInLine reports whether nothing but blanks is in the line that text breaks
// off in; nil is no text.
func firstInLine(text []byte) bool {
	rest := bytes.TrimRight(text, blanks)
	return text != nil && (len(rest) == 0 || bytes.IndexByte(text[len(rest):], '\n') >= 0)
}

// exported returns what is before the word export at the end of text, nil if it
// is not there.
func exported(text []byte) []byte {
	short := bytes.TrimRight(text, blanks)
	before, found := bytes.CutSuffix(short, []byte("export"))
	if !found || len(short) == len(text) {
		return nil
	}
	return before
}

// metadataName reports whether text goes on as a line of metadata in dotenv does.
func metadataName(text []byte) bool {
	for _, name := range []string{"_mac", "_version", "_lastmodified"} {
		if after, found := bytes.CutPrefix(text, []byte(name)); found && followed(after, '=') {
			return true
		}
	}
	return false
}

// detectJSON distinguishes JSON from the envelope of a binary file, which has no other
// key than data, and from YAML in braces.
func detectJSON(data []byte) string {
	d, err := json.Format{}.ParseEncrypted(data)
	if err != nil {
		if y, err := (yaml.Format{}).ParseEncrypted(data); err == nil && y.Meta() != nil {
			return "yaml"
		}
		return "json"
	}
	if isEnvelope(d) {
		return binary.Format{}.Name()
	}
	return "json"
}

func isEnvelope(d format.Document) bool {
	trees := d.Trees()
	if len(trees) != 1 || len(trees[0].Items) != 1 || trees[0].Items[0].Key != "data" {
		return false
	}
	s, ok := trees[0].Items[0].Value.(*tree.Scalar)
	return ok && s.Value.Kind() == tree.String
}

// narrow returns text in UTF-16 without the bytes that letters of ASCII have
// too many. It is enough to look for words in.
func narrow(data []byte) []byte {
	head := data[:min(len(data), 64)]
	if bytes.IndexByte(head, 0) < 0 {
		return bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	}
	text := bytes.ReplaceAll(data, []byte{0}, nil)
	for _, bom := range []string{"\xff\xfe", "\xfe\xff"} {
		text = bytes.TrimPrefix(text, []byte(bom))
	}
	return text
}

// Token returns the line, from 1, of the first encrypted value in a text of
// whatever format; 0 if there is none.
func Token(data []byte) (line int) {
	text := narrow(data)
	if !bytes.Contains(text, []byte(tokenStart)) {
		return 0
	}
	for at := 0; ; at += len(tokenStart) {
		i := bytes.Index(text[at:], []byte(tokenStart))
		if i < 0 {
			return 0
		}
		if at += i; isToken(text[at:]) {
			return 1 + bytes.Count(text[:at], []byte("\n"))
		}
	}
}

// isToken reports whether a whole token begins text.
func isToken(text []byte) bool {
	for _, part := range []struct {
		mark  string
		of    func(c byte) bool
		least int
	}{
		{tokenStart + "data:", isBase64, 0},
		{",iv:", isBase64, 1},
		{",tag:", isBase64, 1},
		{",type:", isLower, 1},
		{"]", func(byte) bool { return false }, 0},
	} {
		rest, found := bytes.CutPrefix(text, []byte(part.mark))
		n := 0
		for n < len(rest) && part.of(rest[n]) {
			n++
		}
		if !found || n < part.least {
			return false
		}
		text = rest[n:]
	}
	return true
}

func isLower(c byte) bool { return 'a' <= c && c <= 'z' }

func isBase64(c byte) bool {
	return isLower(c) || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '+' || c == '/' || c == '='
}

// Conflict returns the line, from 1, of the first marker that a merge left in a
// text; 0 if there is none.
func Conflict(data []byte) (line int) {
	text := narrow(data)
	const signs = len("<<<<<<<") // of which one is at each position that is looked at
	later := 0                   // the line of the first that ends
	for i := signs - 1; i < len(text); i += signs {
		if text[i] != '<' && text[i] != '>' {
			continue
		}
		before := max(0, i-signs)
		line := bytes.LastIndexByte(text[before:i], '\n') + 1
		if line == 0 && i >= signs {
			continue // the marker would begin within a line
		}
		start := before + line
		switch {
		case bytes.HasPrefix(text[start:], []byte("<<<<<<< ")):
			return 1 + bytes.Count(text[:start], []byte("\n"))
		case later == 0 && bytes.HasPrefix(text[start:], []byte(">>>>>>> ")):
			later = 1 + bytes.Count(text[:start], []byte("\n"))
		}
	}
	return later
}
