package keeper

import (
	"strings"
	"unicode"
)

// Words splits a list as flags, variables and rules give it: at commas and at
// any white space. Nothing between two separators is no word.
func Words(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
}
