package vaulttest

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
)

// A KeyType is the type of a transit key, as far as it matters here.
type KeyType string

// Types of keys.
const (
	AES     KeyType = "aes256-gcm96"
	Ed25519 KeyType = "ed25519" // signs, and does not encrypt
	Derived KeyType = "derived" // wants a context with each request
)

type key struct {
	kind          KeyType
	versions      [][]byte // the first is version 1
	minDecryption int
}

// AddKey makes a key of one version, or gives a key that is there another type
// and one version.
func (s *Server) AddKey(mount, name string, kind KeyType) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := &key{kind: kind, minDecryption: 1}
	k.rotate()
	s.mounts[mount][name] = k
}

// RotateKey adds a version.
func (s *Server) RotateKey(mount, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mounts[mount][name].rotate()
}

// SetMinDecryption raises the oldest version that decrypts.
func (s *Server) SetMinDecryption(mount, name string, version int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mounts[mount][name].minDecryption = version
}

// DeleteKey removes a key.
func (s *Server) DeleteKey(mount, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.mounts[mount], name)
}

func (k *key) rotate() {
	const size = 32
	secret := make([]byte, size)
	rand.Read(secret)
	k.versions = append(k.versions, secret)
}

func (k *key) usable() error {
	switch k.kind {
	case Ed25519:
		return bad("message encryption not supported for key type ed25519")
	case Derived:
		return bad("missing 'context' for key derivation; the key was created using a derived key, which means additional, per-request information must be included in order to perform operations with the key")
	}
	return nil
}

func (k *key) encrypt(plain []byte) (string, int, error) {
	version := len(k.versions)
	g := gcm(k.versions[version-1])
	nonce := make([]byte, g.NonceSize())
	rand.Read(nonce)
	blob := g.Seal(nonce, nonce, plain, nil)
	return fmt.Sprintf("vault:v%d:%s", version, base64.StdEncoding.EncodeToString(blob)), version, nil
}

func (k *key) decrypt(text string) ([]byte, error) {
	rest, ok := strings.CutPrefix(text, "vault:v")
	if !ok {
		return nil, bad("invalid ciphertext: no prefix")
	}
	number, coded, ok := strings.Cut(rest, ":")
	version, err := strconv.Atoi(number)
	switch {
	case !ok:
		return nil, bad("invalid ciphertext: wrong number of fields")
	case err != nil || version < 1:
		return nil, bad("invalid ciphertext: version number could not be decoded")
	case version > len(k.versions):
		return nil, bad("invalid ciphertext: version is too new")
	case version < k.minDecryption:
		return nil, bad("ciphertext or signature version is disallowed by policy (too old)")
	}
	blob, err := base64.StdEncoding.Strict().DecodeString(coded)
	if err != nil {
		return nil, bad("invalid ciphertext: could not decode base64")
	}
	g := gcm(k.versions[version-1])
	if len(blob) < g.NonceSize() {
		return nil, bad("invalid ciphertext length")
	}
	plain, err := g.Open(nil, blob[:g.NonceSize()], blob[g.NonceSize():], nil)
	if err != nil {
		return nil, bad("cipher: message authentication failed")
	}
	return plain, nil
}

func gcm(secret []byte) cipher.AEAD {
	block, err := aes.NewCipher(secret)
	if err != nil {
		panic("vaulttest: " + err.Error())
	}
	g, err := cipher.NewGCM(block)
	if err != nil {
		panic("vaulttest: " + err.Error())
	}
	return g
}
