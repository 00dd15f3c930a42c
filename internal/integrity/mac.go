package integrity

import (
	"bufio"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/cipher"
	"github.com/seed-1f7fdfb8/sops/internal/meta"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// A MAC is the running hash over all values of a file, in wire order: SHA-512
// of their canonical bytes, nothing between them. It is no keyed hash; its text
// is encrypted like a value.
type MAC struct {
	h          hash.Hash
	w          *bufio.Writer // before h: values are short
	onlySecret bool
}

// NewMAC returns the hash over no values, or over encrypted values only.
func NewMAC(onlySecret bool) *MAC {
	m := &MAC{h: sha512.New(), onlySecret: onlySecret}
	m.w = bufio.NewWriter(m.h)
	if onlySecret {
		// So that the two kinds of hash can never be taken for each other.
		start := sha256.Sum256([]byte("sops"))
		m.h.Write(start[:])
	}
	return m
}

// Add adds a value.
func (m *MAC) Add(v tree.Value, secret bool) {
	if m.onlySecret && !secret {
		return
	}
	m.w.WriteString(v.Canonical())
}

// Beside returns a writer that adds a value, piece by piece, while the caller goes on.
// A piece must stay as it is until end returns. The value counts as an encrypted one.
func (m *MAC) Beside() (w io.Writer, end func()) {
	m.w.Flush()
	pieces, done := make(chan []byte, 64), make(chan struct{})
	go func() {
		defer close(done)
		for p := range pieces {
			m.h.Write(p)
		}
	}()
	return pieceWriter(pieces), func() { close(pieces); <-done }
}

// A pieceWriter hands what is written to another goroutine.
type pieceWriter chan<- []byte

func (w pieceWriter) Write(p []byte) (int, error) {
	w <- p
	return len(p), nil
}

// Text returns the MAC as it is encrypted.
func (m *MAC) Text() string {
	m.w.Flush() // a hash takes everything
	return strings.ToUpper(hex.EncodeToString(m.h.Sum(nil)))
}

// Check compares the MAC with the stored text.
func (m *MAC) Check(stored string) error {
	if subtle.ConstantTimeCompare([]byte(stored), []byte(m.Text())) != 1 {
		// The digests are those of secrets, so they are not shown.
		return macError("%w", errors.New("MAC mismatch: values were changed, added, removed or reordered outside of sops"))
	}
	return nil
}

// StoredMAC returns the text of the MAC in the metadata, decrypted.
func StoredMAC(c *cipher.Cipher, m *meta.Metadata) (string, error) {
	if m.MAC == "" {
		return "", macError("MAC mismatch: %w", errors.New("the file has no MAC"))
	}
	token, err := cipher.Parse(m.MAC)
	if err != nil {
		return "", macError("Cannot decrypt MAC: %w", err)
	}
	text, err := c.Decrypt(token, []byte(m.MACData()))
	if err != nil {
		return "", macError("Cannot decrypt MAC: %w", err)
	}
	return text, nil
}
