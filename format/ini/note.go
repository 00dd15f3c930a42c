package ini

import (
	"strings"
	"unicode"
)

// A note is the comment of a key or header: the comment lines above it and the
// comment after it, which are one text on the wire. Without its first signs
// it is
//
//	; above          above
//	; still          ; still
//	k = v  # after  # after
type note struct {
	line  int
	block span // the lines above, from the first sign; empty if there are none
	tail  span // the comment after, from its sign; empty if there is none
	text  string
	// prefix is the length of the signs and blanks that the text is without.
	prefix int
	ref    int
}

func (n *note) read(src string) {
	n.text, n.prefix = noteText(n.block.of(src), n.lineEnd(src), n.tail.of(src))
}

// lineEnd returns what ends the last line of the block: blanks and its break.
func (n *note) lineEnd(src string) string {
	rest := src[n.block.end:]
	if n.block.empty() {
		return ""
	}
	return rest[:strings.IndexByte(rest, '\n')+1]
}

// noteText returns the text on the wire of a block with its last line's end and
// of a tail, and the length of the first line's prefix that is not part of it.
// Lines of signs alone at the start are no part of it either.
func noteText(block, end, tail string) (text string, prefix int) {
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
	text = stripSigns(whole)
	prefix = len(whole) - len(text)
	for strings.HasPrefix(text, "\n") || strings.HasPrefix(text, "\r\n") {
		_, text, _ = strings.Cut(text, "\n")
		text = stripSigns(text)
	}
	return text, prefix
}

// stripSigns returns a comment without its first sign, all of the same kind
// that follow, and blanks between.
func stripSigns(text string) string {
	if text == "" {
		return ""
	}
	return strings.TrimLeft(text, text[:1]+" ")
}

// meaning returns where the first line of the block starts that does not
// consist of signs alone: the last line, or, where a tail follows, the end of
// the block if there is none. Over a comment that begins with a line of signs
// SOPS's writer falls.
func (n *note) meaning(src string) int {
	at := n.block.start
	for line := range strings.Lines(n.block.of(src)) {
		text := strings.TrimLeftFunc(line, unicode.IsSpace)
		sign := at + len(line) - len(text)
		at += len(line)
		if text == "" {
			continue
		}
		last := at == n.block.end
		if last {
			text += n.lineEnd(src)
		}
		if rest := stripSigns(text); last && n.tail.empty() || rest != "" && rest != "\n" && rest != "\r\n" {
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

// spellNote returns the comment lines of text as SOPS writes them, after
// a prefix that is there already: further lines have their own sign, one blank
// and no blanks around. between is between lines.
func spellNote(text, between string) string {
	if !strings.Contains(text, "\n") {
		return text
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		line = strings.TrimSpace(line)
		if i > 0 {
			line = signed(line)
		}
		lines[i] = line
	}
	return strings.Join(lines, between)
}

// signed returns a comment line with a sign, one blank and its text.
func signed(line string) string {
	sign := ";"
	if line != "" && isSign(line[0]) {
		sign, line = line[:1], strings.TrimSpace(line[1:])
	}
	if line == "" {
		return sign
	}
	return sign + " " + line
}
