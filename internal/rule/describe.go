package rule

import (
	"strconv"
	"strings"
	"unicode"
)

// String names the first setting of the rule, or what holds without one.
func (r Rule) String() string {
	set := r.Fields()
	if len(set) == 0 {
		return "unencrypted_suffix: " + DefaultSuffix
	}
	text := set[0].Text
	if strings.ContainsFunc(text, unicode.IsControl) {
		text = strconv.Quote(text) // a line break would begin a line of its own
	}
	return set[0].Name + ": " + text
}
