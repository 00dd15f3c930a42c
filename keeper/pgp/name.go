package pgp

import (
	"fmt"
	"strings"
)

// A name is how an entry names a key: the fingerprint of a key or of a subkey,
// or the last 16 digits of one. An exclamation mark after it forces the subkey.
type name struct {
	text   string // as given
	digits string // in upper case, without blanks and 0x
	forced bool
}

// Lengths of names, in hexadecimal digits.
const (
	shortID       = 8
	longID        = 16
	fingerprintV4 = 40
	fingerprintV5 = 64 // and that of version 6
)

func parseName(text string) (name, error) {
	n := name{text: text}
	digits := strings.ToUpper(strings.Join(strings.Fields(text), ""))
	digits, n.forced = strings.CutSuffix(digits, "!")
	n.digits = strings.TrimPrefix(digits, "0X")
	if n.digits == "" || strings.Trim(n.digits, "0123456789ABCDEF") != "" {
		return n, &NameError{Text: text}
	}
	switch len(n.digits) {
	case longID, fingerprintV4, fingerprintV5:
		return n, nil
	}
	return n, &NameError{Text: text, digits: len(n.digits)}
}

// matches reports whether the name is that of the key or subkey with the
// fingerprint fpr.
func (n name) matches(fpr string) bool { return strings.HasSuffix(fpr, n.digits) }

// A NameError is a text that does not name an OpenPGP key.
type NameError struct {
	Text   string
	digits int // 0 if there are others than hexadecimal digits
}

func (e *NameError) Error() string {
	switch {
	case strings.TrimSpace(e.Text) == "":
		return "the fingerprint is empty"
	case e.digits == shortID:
		return fmt.Sprintf("%s is a short key id, which different keys can share", clean(e.Text))
	case e.digits != 0:
		return fmt.Sprintf("%s has %d hexadecimal digits; a fingerprint has 40", clean(e.Text), e.digits)
	}
	return fmt.Sprintf("%q is not a fingerprint", clean(e.Text))
}

// Hints says where the fingerprint is to be had.
func (e *NameError) Hints() []string {
	command := "gpg --list-keys"
	if e.digits == shortID {
		command += " " + clean(e.Text)
	}
	return []string{"write the 40 hexadecimal digits that this prints: " + command}
}
