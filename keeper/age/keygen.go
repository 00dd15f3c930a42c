package age

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"time"

	"filippo.io/age"
	"filippo.io/age/armor"
)

// DefaultFile returns the file in which identities are looked for when no
// variable names one, "" if the user has no directory for configuration.
func (k *Keeper) DefaultFile() string {
	dirs := k.configDirs(runtime.GOOS)
	if len(dirs) == 0 {
		return ""
	}
	return filepath.Join(dirs[0], "sops", "age", "keys.txt")
}

// Generate makes an identity, on request one that resists quantum computers as
// well. It returns the text of a key file, which is secret, and the recipient,
// which is not.
func Generate(now time.Time, hybrid bool) (file []byte, recipient string, err error) {
	var id, to fmt.Stringer
	if hybrid {
		var h *age.HybridIdentity
		if h, err = age.GenerateHybridIdentity(); err == nil {
			id, to = h, h.Recipient()
		}
	} else {
		var x *age.X25519Identity
		if x, err = age.GenerateX25519Identity(); err == nil {
			id, to = x, x.Recipient()
		}
	}
	if err != nil {
		return nil, "", err
	}
	return fmt.Appendf(nil, "# created: %s\n# public key: %s\n%s\n", now.Format(time.RFC3339), to, id), to.String(), nil
}

// Lock encrypts a key file with a passphrase, as "age -p -a" does.
func Lock(file, passphrase []byte) ([]byte, error) {
	to, err := age.NewScryptRecipient(string(passphrase))
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	text := armor.NewWriter(&b)
	w, err := age.Encrypt(text, to)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(file); err != nil {
		return nil, err
	}
	if err := errors.Join(w.Close(), text.Close()); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// unlocked returns the text of a key file, for which it asks for the passphrase
// if that is needed.
func unlocked(file []byte, ask func() ([]byte, error)) ([]byte, error) {
	var src io.Reader = bytes.NewReader(file)
	switch {
	case bytes.HasPrefix(file, []byte(armor.Header)):
		src = armor.NewReader(src)
	case !bytes.HasPrefix(file, []byte("age-encryption.org/")):
		return file, nil
	}
	passphrase, err := ask()
	if err != nil {
		return nil, err
	}
	id, err := age.NewScryptIdentity(string(passphrase))
	if err != nil {
		return nil, err
	}
	plain, err := age.Decrypt(src, id)
	if err != nil {
		return nil, errors.New("the passphrase does not open it")
	}
	return io.ReadAll(plain)
}

var errNoIdentities = errors.New("there are no age identities in it that a recipient can be made of")

// RecipientsOf returns the recipients of the identities in a key file, for whose
// passphrase it asks if there is one. Errors show nothing of it.
func RecipientsOf(file []byte, ask func() ([]byte, error)) ([]string, error) {
	file, err := unlocked(file, ask)
	if err != nil {
		return nil, err
	}
	ids, err := age.ParseIdentities(bytes.NewReader(file))
	if err != nil {
		return nil, errNoIdentities // what the library says may repeat a line
	}
	var out []string
	for _, id := range ids {
		switch id := id.(type) {
		case *age.X25519Identity:
			out = append(out, id.Recipient().String())
		case *age.HybridIdentity:
			out = append(out, id.Recipient().String())
		}
	}
	if len(out) == 0 {
		return nil, errNoIdentities
	}
	return out, nil
}
