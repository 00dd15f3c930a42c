package age

import (
	"strings"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"filippo.io/age/plugin"
	"filippo.io/age/tag"

	"github.com/seed-1f7fdfb8/sops/keeper/age/agekey"
)

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
	case agekey.IsTagged(text):
		r, err = tag.ParseRecipient(text)
	case isPlugin(text):
		r, err = plugin.NewRecipient(text, ui)
	case strings.HasPrefix(text, "age1"):
		r, err = age.ParseX25519Recipient(text)
	default:
		return nil, &agekey.RecipientError{Text: text}
	}
	if err != nil {
		return nil, &agekey.RecipientError{Text: text, Err: err}
	}
	return r, nil
}
