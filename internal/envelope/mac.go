package envelope

import (
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"hash"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/cipher"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// A mac is the running hash over all values of a file, in wire order: SHA-512
// of their canonical bytes, nothing between them. It is no keyed hash; its text
// is encrypted like a value.
type mac struct {
	h          hash.Hash
	onlySecret bool
	buf        []byte
}

func newMAC(onlySecret bool) *mac {
	m := &mac{h: sha512.New(), onlySecret: onlySecret}
	if onlySecret {
		// So that the two kinds of hash can never be taken for each other.
		start := sha256.Sum256([]byte("sops"))
		m.h.Write(start[:])
	}
	return m
}

func (m *mac) add(v tree.Value, secret bool) {
	if m.onlySecret && !secret {
		return
	}
	m.buf = append(m.buf[:0], v.Canonical()...)
	m.h.Write(m.buf)
}

func (m *mac) text() string { return strings.ToUpper(hex.EncodeToString(m.h.Sum(nil))) }

var errNoMAC = errors.New("the file has no MAC")

// storedMAC returns the decrypted MAC text of the file.
func (s *Encrypted) storedMAC(c *cipher.Cipher) (string, error) {
	if s.Meta.MAC == "" {
		return "", errNoMAC
	}
	token, err := cipher.Parse(s.Meta.MAC)
	if err != nil {
		return "", err
	}
	return c.Decrypt(token, []byte(s.Meta.MACData()))
}

// checkMAC compares and returns the stored text, "" if it does not open and the
// MAC is to be ignored.
func (d *decryption) checkMAC() (string, error) {
	stored, err := d.encrypted.storedMAC(d.cipher)
	failure := d.judgeMAC(stored, err)
	if failure != nil && d.options.IgnoreMAC {
		d.macDiffers = true
		return stored, nil
	}
	return stored, failure
}

// judgeMAC says why the stored MAC, which came with err, is not that of the
// content.
func (d *decryption) judgeMAC(stored string, err error) error {
	switch {
	case errors.Is(err, errNoMAC):
		return macFailure("MAC mismatch: %w", err)
	case err != nil:
		return macFailure("Cannot decrypt MAC: %w", err)
	case subtle.ConstantTimeCompare([]byte(stored), []byte(d.mac.text())) != 1:
		// The digests are those of secrets, so they are not shown.
		return macFailure("%w", errors.New("MAC mismatch: values were changed, added, removed or reordered outside of sops"))
	}
	return nil
}

func macFailure(format string, err error) *Failure {
	f := failf(ErrMAC, format, err)
	f.Advice = []string{
		"look at what changed: git log -p -- FILE",
		"if you trust the content as it stands, make a new MAC, in the editor: sops edit --ignore-mac FILE",
	}
	return f
}
