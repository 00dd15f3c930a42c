package age

import (
	"fmt"
	"strings"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"filippo.io/age/plugin"
	"filippo.io/age/tag"

	"github.com/seed-1f7fdfb8/sops/keeper"
)

// ParseRecipients reads a list of recipients, between which there are commas or
// white space. SSH public keys are kept whole, with their comment.
func ParseRecipients(list string) ([]keeper.MasterKey, error) {
	var keys []keeper.MasterKey
	for _, text := range splitRecipients(list) {
		if _, err := parseRecipient(text, nil); err != nil {
			if whole := (&RecipientError{text: list}); whole.private() {
				return nil, whole // whose words are not to be shown either
			}
			return nil, err
		}
		keys = append(keys, keeper.New(keeper.Age, "recipient", text))
	}
	return keys, nil
}

// splitRecipients splits a list. The comment of an SSH key, which may hold
// blanks, ends with its line, at a comma, or where another recipient begins.
func splitRecipients(list string) []string {
	var items []string
	for line := range strings.FieldsFuncSeq(list, func(r rune) bool { return strings.ContainsRune(",\n\r\v\f\u0085\u2028\u2029", r) }) {
		ssh := 0 // words since ssh-..., that one included; 0 if there is none
		for _, word := range strings.Fields(line) {
			switch {
			case ssh == 0, ssh > 1 && beginsRecipient(word):
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

func beginsRecipient(word string) bool {
	return strings.HasPrefix(word, "age1") || strings.HasPrefix(word, "ssh-") || strings.HasPrefix(strings.ToUpper(word), "AGE-")
}

// recipient returns what encrypts to a recipient.
func (k *Keeper) recipient(text string) (age.Recipient, error) {
	return parseRecipient(strings.TrimSpace(text), k.ui())
}

func parseRecipient(text string, ui *plugin.ClientUI) (age.Recipient, error) {
	var r age.Recipient
	var err error
	switch {
	case strings.HasPrefix(text, "ssh-"):
		r, err = agessh.ParseRecipient(text)
	case strings.HasPrefix(text, "age1pq1"):
		r, err = age.ParseHybridRecipient(text)
	case isTagged(text):
		r, err = tag.ParseRecipient(text)
	case isPlugin(text):
		r, err = plugin.NewRecipient(text, ui)
	case strings.HasPrefix(text, "age1"):
		r, err = age.ParseX25519Recipient(text)
	default:
		return nil, &RecipientError{text: text}
	}
	if err != nil {
		return nil, &RecipientError{text: text, err: err}
	}
	return r, nil
}

// isTagged reports whether a recipient is of the kind that plugins open but
// that needs no plugin to encrypt to.
func isTagged(text string) bool {
	return strings.HasPrefix(text, "age1tag1") || strings.HasPrefix(text, "age1tagpq1")
}

// A RecipientError is a text that is no recipient.
type RecipientError struct {
	text string
	err  error // of the age library, where it looked like a recipient
}

// Error never shows what might be a private key.
func (e *RecipientError) Error() string {
	switch {
	case e.private():
		return "a private key stands where an age recipient is expected"
	case e.text == "":
		return "the age recipient is empty"
	case e.err != nil:
		return fmt.Sprintf("%q is no age recipient: %v", e.text, e.err)
	}
	return fmt.Sprintf("%q is no age recipient", e.text)
}

// Unwrap returns the error of the age library, if it had one.
func (e *RecipientError) Unwrap() error { return e.err }

// Hints says what a recipient looks like.
func (e *RecipientError) Hints() []string {
	switch {
	case e.private():
		return []string{"give the public key instead: age-keygen -y KEYFILE prints it"}
	case strings.HasPrefix(e.text, "arn:"):
		return []string{"an ARN is a key of AWS KMS: give it with --kms"}
	}
	return []string{"a recipient is age1..., or an SSH public key of the type ssh-ed25519 or ssh-rsa"}
}

// private reports whether the text looks like a private key.
func (e *RecipientError) private() bool {
	upper := strings.ToUpper(e.text)
	return strings.Contains(upper, "AGE-SECRET-KEY-") || strings.Contains(upper, "AGE-PLUGIN-") ||
		strings.Contains(upper, "PRIVATE KEY")
}
