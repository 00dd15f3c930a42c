package age

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"time"

	"filippo.io/age"
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

// Generate makes an identity. It returns the text of a key file, which is
// secret, and the recipient, which is not.
func Generate(now time.Time) (file []byte, recipient string, err error) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, "", err
	}
	recipient = id.Recipient().String()
	return fmt.Appendf(nil, "# created: %s\n# public key: %s\n%s\n", now.Format(time.RFC3339), recipient, id), recipient, nil
}

var errNoIdentities = errors.New("there are no age identities in it that a recipient can be made of")

// RecipientsOf returns the recipients of the identities in a key file. Errors
// show nothing of it.
func RecipientsOf(file []byte) ([]string, error) {
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
