package huaweitest

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"regexp"
	"slices"
)

// Limits of the service.
const (
	mostPlain = 4096
	padded    = 128 // of ciphertexts before base64, which makes them long enough
	shortest  = 128 // ciphertext
	longest   = 5648
)

var (
	idPattern     = regexp.MustCompile(`^[0-9a-z]{8}-[0-9a-z]{4}-[0-9a-z]{4}-[0-9a-z]{4}-[0-9a-z]{12}$`)
	cipherPattern = regexp.MustCompile(`^[0-9a-zA-Z+/=]+$`)
)

func (s *Server) usable(u user, id, action string) (*key, error) {
	if !u.may(action) {
		return nil, refuse(http.StatusForbidden, "KMS.0007", "Policy doesn't allow "+action+" to be performed.")
	}
	if !idPattern.MatchString(id) {
		return nil, refuse(http.StatusBadRequest, "KMS.0205", "The key ID is invalid.")
	}
	k := s.keys[id]
	switch {
	case k == nil:
		return nil, refuse(http.StatusNotFound, "KMS.1301", "Key not found.")
	case k.state == Disabled:
		return nil, refuse(http.StatusBadRequest, "KMS.0209", "The key is disabled.")
	case k.state == Pending:
		return nil, refuse(http.StatusBadRequest, "KMS.0210", "The key is pending deletion.")
	}
	return k, nil
}

func (s *Server) encrypt(r *http.Request, u user, in map[string]string) (any, error) {
	if err := s.members(r, in, "key_id", "plain_text"); err != nil {
		return nil, err
	}
	k, err := s.usable(u, in["key_id"], "kms:cmk:encryptData")
	if err != nil {
		return nil, err
	}
	plain := in["plain_text"]
	if plain == "" || len(plain) > mostPlain {
		return nil, refuse(http.StatusBadRequest, "KMS.0205", "Invalid parameter: plain_text.")
	}
	g := gcm(k.secret)
	nonce := make([]byte, g.NonceSize())
	rand.Read(nonce)
	// The text is in front of what makes the ciphertext long enough.
	text := append([]byte(plain), make([]byte, padded)...)
	blob := g.Seal(nonce, nonce, text, []byte(in["key_id"]))
	return map[string]string{"key_id": in["key_id"], "cipher_text": base64.StdEncoding.EncodeToString(blob)}, nil
}

func (s *Server) decrypt(r *http.Request, u user, in map[string]string) (any, error) {
	if err := s.members(r, in, "key_id", "cipher_text"); err != nil {
		return nil, err
	}
	k, err := s.usable(u, in["key_id"], "kms:cmk:decryptData")
	if err != nil {
		return nil, err
	}
	if !(cipherPattern.MatchString(in["cipher_text"]) && len(in["cipher_text"]) >= shortest && len(in["cipher_text"]) <= longest) {
		return nil, refuse(http.StatusBadRequest, "KMS.0205", "Invalid parameter: cipher_text.")
	}
	blob, err := base64.StdEncoding.Strict().DecodeString(in["cipher_text"])
	g := gcm(k.secret)
	if err != nil || len(blob) < g.NonceSize() {
		return nil, refuse(http.StatusBadRequest, "KMS.0205", "Invalid parameter: cipher_text.")
	}
	text, err := g.Open(nil, blob[:g.NonceSize()], blob[g.NonceSize():], []byte(in["key_id"]))
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "KMS.0208", "Decryption failed.")
	}
	plain := text[:len(text)-padded]
	return map[string]string{
		"key_id": in["key_id"], "plain_text": string(plain), "plain_text_base64": base64.StdEncoding.EncodeToString(plain),
	}, nil
}

// members refuses a body that lacks one of the members, or has others.
func (s *Server) members(r *http.Request, in map[string]string, names ...string) error {
	for _, name := range names {
		if in[name] == "" {
			return refuse(http.StatusBadRequest, "KMS.0204", "Missing parameter: "+name+".")
		}
	}
	for name := range in {
		if !slices.Contains(names, name) {
			s.complain(r, "the body has the member "+name)
		}
	}
	return nil
}

func gcm(secret []byte) cipher.AEAD {
	block, err := aes.NewCipher(secret)
	if err != nil {
		panic("huaweitest: " + err.Error())
	}
	g, err := cipher.NewGCM(block)
	if err != nil {
		panic("huaweitest: " + err.Error())
	}
	return g
}
