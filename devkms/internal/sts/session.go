package sts

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/subtle"
	"encoding/base32"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"time"

	"github.com/seed-1f7fdfb8/sops/devkms/internal/iam"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/sigv4"
)

// A sessionToken is what a session token holds, sealed under a key that only
// the service knows. So sessions need no store, and outlive a restart that
// keeps the key.
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
func (s *Service) sealToken(t *sessionToken) (string, error) {
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

func (s *Service) openToken(token string) (*sessionToken, error) {
	b, err := base64.StdEncoding.DecodeString(token)
	if err != nil || len(b) < 12 {
		return nil, sigv4.ErrUnknown
	}
	plain, err := s.tokens.Open(nil, b[:12], b[12:], nil)
	if err != nil {
		return nil, sigv4.ErrUnknown
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

// Credential returns the owner and the secret of an access key. A session's
// key is worth nothing without its token, and a user's key takes none.
func (s *Service) Credential(accessKey, token string, now time.Time) (*iam.Principal, string, error) {
	if token == "" {
		c, ok := s.AccessKeys[accessKey]
		if !ok {
			return nil, "", sigv4.ErrUnknown
		}
		return c.Owner, c.Secret, nil
	}
	t, err := s.openToken(token)
	if err != nil || subtle.ConstantTimeCompare([]byte(t.AccessKey), []byte(accessKey)) != 1 {
		return nil, "", sigv4.ErrUnknown
	}
	if !now.Before(t.Expires) {
		return nil, "", sigv4.ErrExpired
	}
	who, err := s.principal(t)
	return who, t.Secret, err
}

// principal returns the principal of a session token. The role or user must
// still be there: the world may have changed since.
func (s *Service) principal(t *sessionToken) (*iam.Principal, error) {
	if u, ok := s.Users[t.Owner]; ok {
		who := *u
		who.AccessKey, who.Issued, who.MFATime = t.AccessKey, t.Issued, t.MFATime
		return &who, nil
	}
	r, ok := s.Roles[t.Owner]
	if !ok {
		return nil, sigv4.ErrUnknown
	}
	who := r.Session(t.Name)
	who.AccessKey, who.Issued, who.MFATime = t.AccessKey, t.Issued, t.MFATime
	who.Source, who.Transitive = t.Source, t.Transitive
	who.Tags = map[string]string{}
	maps.Copy(who.Tags, r.Tags)
	maps.Copy(who.Tags, t.Tags)
	if t.Policy != "" {
		sp, err := iam.ParsePolicy(t.Policy)
		if err != nil {
			return nil, fmt.Errorf("session policy: %w", err)
		}
		who.SessionPolicy = sp
	}
	return who, nil
}

// Session returns the principal of a session of the role. A session's ARN
// leaves out the role's path, unlike the ARN of the role.
func (r *Role) Session(name string) *iam.Principal {
	return &iam.Principal{
		Kind: iam.RoleSession, Account: r.Account, Name: r.Name, RoleARN: r.ARN,
		ARN: "arn:aws:sts::" + r.Account + ":assumed-role/" + r.Name + "/" + name,
		ID:  r.ID + ":" + name, Policies: r.Policies, Boundary: r.Boundary, Origin: r.Origin,
		Home: r.Home, ServiceLinked: r.ServiceLinked,
	}
}
