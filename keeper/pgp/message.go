package pgp

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/ProtonMail/go-crypto/openpgp/armor"
	pgperrors "github.com/ProtonMail/go-crypto/openpgp/errors"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// A message is what can be seen of an encrypted message from outside.
type message struct {
	ids []string // of the keys it is for
}

// anonymous is the key id of a recipient that the message hides.
const anonymous = "0000000000000000"

// maxRecipients is more than a wrapped key has.
const maxRecipients = 1000

// parseMessage reads the recipients of an armored message. One that asks for a
// passphrase instead of a key is refused: no keeper writes it, and it would make
// gpg ask for a passphrase that does not exist.
func parseMessage(enc string) (message, error) {
	block, err := armor.Decode(strings.NewReader(strings.TrimSpace(enc)))
	if err != nil {
		return message{}, damaged("it is not in ASCII armor")
	}
	if block.Type != "PGP MESSAGE" {
		return message{}, damaged(fmt.Sprintf("it is a %q", clean(block.Type)))
	}
	var m message
	packets := packet.NewReader(block.Body)
	for range maxRecipients {
		p, err := packets.Next()
		var unsupported pgperrors.UnsupportedError
		switch {
		case errors.As(err, &unsupported):
			continue // gpg may know more
		case err != nil:
			return m, m.check(err)
		}
		switch p := p.(type) {
		case *packet.EncryptedKey:
			m.ids = append(m.ids, idOf(p))
		case *packet.SymmetricKeyEncrypted:
			return m, damaged("it is encrypted with a passphrase instead of a key")
		case *packet.SymmetricallyEncrypted, *packet.AEADEncrypted:
			return m, m.check(nil)
		case *packet.Marker, *packet.Padding:
		default:
			return m, damaged("it is not encrypted")
		}
	}
	return m, m.check(nil)
}

// check refuses a message for no key.
func (m message) check(err error) error {
	if len(m.ids) > 0 {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		return damaged("it is encrypted to no key")
	}
	return damaged("it is cut off or changed")
}

func idOf(p *packet.EncryptedKey) string {
	const version6 = 6
	if p.Version == version6 && len(p.KeyFingerprint) >= longID/2 {
		return fmt.Sprintf("%X", p.KeyFingerprint[:longID/2])
	}
	return fmt.Sprintf("%016X", p.KeyId)
}

func damaged(how string) error {
	return refuse("the wrapped key is damaged: " + how)
}
