package initext

import (
	"strings"
	"unicode"
)

// A Note is the comment of a key or header: the comment lines above it and the
// comment after it, which are one text on the wire. Without its first signs
// it is
//
//	; above          above
//	; still          ; still
//	k = v  # after  # after
type Note struct {
	Line  int
	Block Span // the lines above, from the first sign; empty if there are none
	Tail  Span // the comment after, from its sign; empty if there is none
	Text  string
	// prefix is the length of the signs and blanks that the text is without.
	Prefix int
	Ref    int
}

func (n *Note) read(src string) {
	n.Text, n.Prefix = NoteText(n.Block.Of(src), n.LineEnd(src), n.Tail.Of(src))
}

// LineEnd returns what ends the last line of the block: blanks and its break.
func (n *Note) LineEnd(src string) string {
	rest := src[n.Block.End:]
	if n.Block.Empty() {
		return ""
	}
	return rest[:strings.IndexByte(rest, '\n')+1]
}

// NoteText returns the text on the wire of a block with its last line's end and
// of a tail, and the length of the first line's prefix that is not part of it.
// Lines of signs alone at the start are no part of it either.
func NoteText(block, end, tail string) (text string, prefix int) {
	whole := block
	if strings.Contains(block, "\n") {
		whole = joinLines(block)
	}
	if tail != "" {
		whole += end + tail
	}
	whole = strings.TrimSpace(whole)
	if whole == "" {
		return "", 0
	}
	text = StripSigns(whole)
	prefix = len(whole) - len(text)
	for strings.HasPrefix(text, "\n") || strings.HasPrefix(text, "\r\n") {
		_, text, _ = strings.Cut(text, "\n")
		text = StripSigns(text)
	}
	return text, prefix
}

// StripSigns returns a comment without its first sign, all of the same kind
// that follow, and blanks between.
func StripSigns(text string) string {
	if text == "" {
		return ""
	}
	return strings.TrimLeft(text, text[:1]+" ")
}

// Meaning returns where the first line of the block starts that does not
// consist of signs alone: the last line, or, where a tail follows, the end of
// the block if there is none. Over a comment that begins with a line of signs
// SOPS's writer falls.
func (n *Note) Meaning(src string) int {
	at := n.Block.Start
	for line := range strings.Lines(n.Block.Of(src)) {
		text := strings.TrimLeftFunc(line, unicode.IsSpace)
		sign := at + len(line) - len(text)
		at += len(line)
		if text == "" {
			continue
		}
		last := at == n.Block.End
		if last {
			text += n.LineEnd(src)
		}
		if rest := StripSigns(text); last && n.Tail.Empty() || rest != "" && rest != "\n" && rest != "\r\n" {
			return sign
		}
	}
	return at
}

// joinLines drops what is before each line's sign, and blank lines.
func joinLines(block string) string {
	var b strings.Builder
	b.Grow(len(block))
	for line := range strings.Lines(block) {
		b.WriteString(strings.TrimLeftFunc(line, unicode.IsSpace))
	}
	return b.String()
}

// SpellNote returns the comment lines of text as SOPS writes them, after
// a prefix that is there already: further lines have their own sign, one blank
// and no blanks around. between is between lines.
func SpellNote(text, between string) string {
	if !strings.Contains(text, "\n") {
		return text
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		line = strings.TrimSpace(line)
		if i > 0 {
			line = Signed(line)
		}
		lines[i] = line
	}
	return strings.Join(lines, between)
}

// Signed returns a comment line with a sign, one blank and its text.
func Signed(line string) string {
	sign := ";"
	if line != "" && isSign(line[0]) {
		sign, line = line[:1], strings.TrimSpace(line[1:])
	}
	if line == "" {
		return sign
	}
	return sign + " " + line
}
