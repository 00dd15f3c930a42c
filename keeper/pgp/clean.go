package pgp

import (
	"strings"
	"unicode"
)

// maxShown is how much of a text of others is shown.
const maxShown = 300

// clean makes one line of a text of a file or of gpg that is safe to show: no
// control characters, nothing that changes the direction of writing, not long.
func clean(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > maxShown {
		text = string(runes[:maxShown]) + "..."
	}
	return text
}
