package devkms

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base32"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// A sessionToken is what a session token holds, sealed under a key that only
// the server knows. So sessions need no store, and outlive a restart that
// keeps the state directory.
type sessionToken struct {
	AccessKey  string            `json:"k"`
	Secret     string            `json:"s"`
	Owner      string            `json:"o"` // ARN of the role, or of the user for GetSessionToken
	Name       string            `json:"n,omitempty"`
	Issued     time.Time         `json:"i"`
	Expires    time.Time         `json:"e"`
	Policy     string            `json:"p,omitempty"`
	Tags       map[string]string `json:"t,omitempty"`
	Transitive []string          `json:"tt,omitempty"`
	Source     string            `json:"src,omitempty"`
	MFATime    time.Time         `json:"m,omitzero"`
}

// sealToken invents the access key and secret of t and returns its token.
func (s *Server) sealToken(t *sessionToken) (string, error) {
	var id [10]byte
	var secret [30]byte
	nonce := make([]byte, 12)
	for _, b := range [][]byte{id[:], secret[:], nonce} {
		if _, err := io.ReadFull(s.random, b); err != nil {
			return "", fmt.Errorf("session token: %w", err)
		}
	}
	t.AccessKey = "ASIA" + base32.StdEncoding.EncodeToString(id[:])
	t.Secret = base64.StdEncoding.EncodeToString(secret[:])
	plain, err := json.Marshal(t)
	if err != nil {
		return "", fmt.Errorf("session token: %w", err)
	}
	return base64.StdEncoding.EncodeToString(s.tokens.Seal(nonce, nonce, plain, nil)), nil
}

func (s *Server) openToken(token string) (*sessionToken, error) {
	b, err := base64.StdEncoding.DecodeString(token)
	if err != nil || len(b) < 12 {
		return nil, errUnknown
	}
	plain, err := s.tokens.Open(nil, b[:12], b[12:], nil)
	if err != nil {
		return nil, errUnknown
	}
	t := &sessionToken{}
	return t, json.Unmarshal(plain, t)
}

// newAEAD returns AES-256-GCM under the given key.
func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
