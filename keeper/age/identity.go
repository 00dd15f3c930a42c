package age

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"unicode"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"filippo.io/age/armor"
	"golang.org/x/crypto/ssh"
)

// parse adds the identities in src to p. It goes on after what it cannot read,
// so that one bad line does not cost the good ones. file is where src comes
// from, or "".
func (k *Keeper) parse(p *place, src []byte, file string) {
	src = bytes.TrimPrefix(src, []byte("\ufeff"))
	trimmed := bytes.TrimSpace(src)
	switch {
	case bytes.HasPrefix(trimmed, []byte("age-encryption.org/")):
		// It is binary: its last bytes may look like white space.
		p.identities = append(p.identities, k.newLockedFile(p, bytes.TrimLeftFunc(src, unicode.IsSpace)))
	case bytes.HasPrefix(trimmed, []byte(armor.Header)):
		p.identities = append(p.identities, k.newLockedFile(p, trimmed))
	case bytes.HasPrefix(trimmed, []byte("-----BEGIN")):
		k.parseSSH(p, trimmed, file)
	default:
		k.parseLines(p, string(src))
	}
	if len(p.identities) == 0 && len(p.notes) == 0 {
		p.notes = append(p.notes, errors.New("it holds no identity"))
	}
}

// parseLines reads identities, one a line, as age writes them, or
// several, as they fit into a variable.
func (k *Keeper) parseLines(p *place, text string) {
	n := 0
	for line := range strings.Lines(text) {
		n++
		for _, word := range strings.Fields(line) {
			if strings.HasPrefix(word, "#") {
				break
			}
			id, err := k.parseIdentity(word)
			if err != nil {
				p.notes = append(p.notes, fmt.Errorf("line %d: %w", n, err))
				break
			}
			p.identities = append(p.identities, id)
		}
	}
}

// parseIdentity reads one identity. Its errors show nothing of word, nor do
// they wrap those of age, which might.
func (k *Keeper) parseIdentity(word string) (age.Identity, error) {
	var id age.Identity
	var err error
	switch {
	case strings.HasPrefix(word, "AGE-SECRET-KEY-PQ-1"):
		id, err = age.ParseHybridIdentity(word)
	case strings.HasPrefix(word, "AGE-SECRET-KEY-1"):
		id, err = age.ParseX25519Identity(word)
	case strings.HasPrefix(word, "AGE-PLUGIN-"):
		id, err = k.newPluginIdentity(word)
	case strings.HasPrefix(word, "age1"), strings.HasPrefix(word, "ssh-"):
		return nil, errPublicKey
	default:
		return nil, errors.New("this is no age identity")
	}
	if err != nil {
		return nil, errors.New("this age identity is damaged")
	}
	return id, nil
}

// parseSSH reads an SSH private key.
func (k *Keeper) parseSSH(p *place, pem []byte, file string) {
	// The parser of age is strict about the final newline of the block.
	pem = append(bytes.Clone(pem), '\n')
	id, err := agessh.ParseIdentity(pem)
	var locked *ssh.PassphraseMissingError
	if errors.As(err, &locked) {
		id, err = k.newLockedSSH(p, pem, locked.PublicKey, file)
	}
	if err != nil {
		p.notes = append(p.notes, fmt.Errorf("this is no SSH key that age can use: %w", err))
		return
	}
	p.identities = append(p.identities, id)
}

// publicKey returns the public key beside an SSH private key. Older formats do
// not hold it themselves.
func publicKey(file string) (ssh.PublicKey, error) {
	if file == "" {
		return nil, errors.New("a key of this format needs its public key in a file beside it")
	}
	src, err := os.ReadFile(file + ".pub")
	if err != nil {
		return nil, err
	}
	pub, _, _, _, err := ssh.ParseAuthorizedKey(src)
	return pub, err
}
