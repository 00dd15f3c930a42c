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

// ParseList reads a list of Words, each of which names one key.
func ParseList(list string, parse func(word string) (MasterKey, error)) ([]MasterKey, error) {
	var keys []MasterKey
	for _, word := range Words(list) {
		m, err := parse(word)
		if err != nil {
			return nil, err
		}
		keys = append(keys, m)
	}
	return keys, nil
}

// A NameError is a text that names no key.
type NameError struct{ Reason, Hint string }

func (e *NameError) Error() string { return e.Reason }

// Hints returns how to name the key.
func (e *NameError) Hints() []string {
	if e.Hint == "" {
		return nil
	}
	return []string{e.Hint}
}
