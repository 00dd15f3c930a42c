// Package opaque makes tokens of values: what a token stands for is inside
// of it, under a key that only the server knows. So tokens need no store, and
// outlive a restart that keeps the key.
package opaque

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
)

// Tokens makes and opens tokens.
type Tokens struct {
	aead   cipher.AEAD
	random io.Reader
}

// New returns Tokens with a secret of 32 bytes.
func New(secret []byte, random io.Reader) (*Tokens, error) {
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, fmt.Errorf("tokens: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("tokens: %w", err)
	}
	return &Tokens{aead, random}, nil
}

// Make returns a token for v, which no token of another kind is taken for.
func (s *Tokens) Make(kind string, v any) (string, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("token: %w", err)
	}
	nonce := make([]byte, s.aead.NonceSize())
	if _, err := io.ReadFull(s.random, nonce); err != nil {
		return "", fmt.Errorf("token: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(s.aead.Seal(nonce, nonce, plain, []byte(kind))), nil
}

// Open reads a token of the kind into v, and reports whether it is one of ours.
func (s *Tokens) Open(kind, token string, v any) bool {
	b, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(b) < s.aead.NonceSize() {
		return false
	}
	n := s.aead.NonceSize()
	plain, err := s.aead.Open(nil, b[:n], b[n:], []byte(kind))
	return err == nil && json.Unmarshal(plain, v) == nil
}

// Name invents a name that is like no other.
func (s *Tokens) Name() (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(s.random, b[:]); err != nil {
		return "", fmt.Errorf("token: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(b[:]), nil
}
