// Package agekey names keys of age: recipients of age itself (age1...,
// age1pq1...), of plugins (age1NAME1...) and SSH public keys. It needs no age
// library: it reads the syntax and the checksum of a recipient, and what the
// bytes in it mean is for the library to say when a data key is wrapped.
package agekey

import (
	"fmt"
	"strings"

	"github.com/seed-1f7fdfb8/sops/keeper"
)

// FieldRecipient is the one field of an entry.
const FieldRecipient = "recipient"

// Kind describes the keys of age.
func Kind() *keeper.Kind {
	return &keeper.Kind{
		Name: keeper.Age, Keys: "age recipients",
		Flag: "age", Short: "a",
		Usage: "age recipients: `age1...,...`", UsageOne: "age `RECIPIENT`",
		Variables: variables(),
		Doc:       "age recipients, as a list or with commas between them.",
		Example:   "age1...",
		Fields:    []keeper.FieldRule{{Name: FieldRecipient, Required: true}},
		Rank:      1, Undated: true, InEveryGroup: true,
		Parse: Parse,
	}
}

// variables are those of the environment, first that of keys to encrypt for.
func variables() []keeper.Variable {
	return []keeper.Variable{
		{Name: "SOPS_AGE_RECIPIENTS", Meaning: "age recipients to encrypt for"},
		{Name: "SOPS_AGE_KEY", Meaning: "age identities"},
		{Name: "SOPS_AGE_KEY_FILE", Meaning: "a file of age identities"},
		{Name: "SOPS_AGE_KEY_CMD", Meaning: "a command that prints age identities"},
		{Name: "SOPS_AGE_SSH_PRIVATE_KEY_FILE", Meaning: "an SSH key to use as an age identity"},
		{Name: "SOPS_AGE_SSH_PRIVATE_KEY_CMD", Meaning: "a command that prints such a key"},
	}
}

// Parse reads a list of recipients, between which there are commas or white
// space. SSH public keys are kept whole, with their comment.
func Parse(list string) ([]keeper.MasterKey, error) {
	var keys []keeper.MasterKey
	for _, text := range split(list) {
		if err := Check(text); err != nil {
			if whole := (&RecipientError{Text: list}); whole.private() {
				return nil, whole // whose words are not to be shown either
			}
			return nil, err
		}
		keys = append(keys, Kind().Key(FieldRecipient, text))
	}
	return keys, nil
}

// split splits a list. The comment of an SSH key, which may hold blanks, ends
// with its line, at a comma, or where another recipient begins.
func split(list string) []string {
	var items []string
	for line := range strings.FieldsFuncSeq(list, func(r rune) bool { return strings.ContainsRune(",\n\r\v\f\u0085\u2028\u2029", r) }) {
		ssh := 0 // words since ssh-..., that one included; 0 if there is none
		for _, word := range strings.Fields(line) {
			switch {
			case ssh == 0, ssh > 1 && begins(word):
				items = append(items, word)
			default:
				items[len(items)-1] += " " + word
			}
			if last := items[len(items)-1]; strings.HasPrefix(last, "ssh-") {
				ssh = len(strings.Fields(last))
			} else {
				ssh = 0
			}
		}
	}
	return items
}

// begins reports whether a recipient begins with a word.
func begins(word string) bool {
	return strings.HasPrefix(word, "age1") || strings.HasPrefix(word, "ssh-") || strings.HasPrefix(strings.ToUpper(word), "AGE-")
}

// Check reports a text that cannot be a recipient, as a *RecipientError.
func Check(text string) error {
	check := checkBech32
	switch {
	case strings.HasPrefix(text, "ssh-"):
		check = checkSSH
	case !strings.HasPrefix(text, "age1"):
		return &RecipientError{Text: text}
	}
	if err := check(text); err != nil {
		return &RecipientError{Text: text, Err: err}
	}
	return nil
}

// IsTagged reports whether a recipient is of the kind that plugins open but
// that needs no plugin to encrypt to.
func IsTagged(text string) bool {
	return strings.HasPrefix(text, "age1tag1") || strings.HasPrefix(text, "age1tagpq1")
}

// A RecipientError is a text that is no recipient.
type RecipientError struct {
	Text string
	Err  error // where it looked like a recipient
}

// Error never shows what might be a private key.
func (e *RecipientError) Error() string {
	switch {
	case e.private():
		return "a private key is given where an age recipient is expected"
	case e.Text == "":
		return "the age recipient is empty"
	case e.Err != nil:
		return fmt.Sprintf("%q is no age recipient: %v", e.Text, e.Err)
	}
	return fmt.Sprintf("%q is no age recipient", e.Text)
}

// Unwrap returns the reason, if there is one.
func (e *RecipientError) Unwrap() error { return e.Err }

// Hints says what a recipient looks like.
func (e *RecipientError) Hints() []string {
	switch {
	case e.private():
		return []string{"give the public key instead: age-keygen -y KEYFILE prints it"}
	case strings.HasPrefix(e.Text, "arn:"):
		return []string{"an ARN is a key of AWS KMS: give it with --kms"}
	}
	return []string{"a recipient is age1..., or an SSH public key of the type ssh-ed25519 or ssh-rsa"}
}

// private reports whether the text looks like a private key.
func (e *RecipientError) private() bool {
	upper := strings.ToUpper(e.Text)
	return strings.Contains(upper, "AGE-SECRET-KEY-") || strings.Contains(upper, "AGE-PLUGIN-") ||
		strings.Contains(upper, "PRIVATE KEY")
}
