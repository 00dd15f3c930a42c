package sts

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"
)

// An Issuer is an OpenID Connect provider whose tokens an account accepts.
type Issuer struct {
	Account   string
	URL       string
	Audiences []string
	PublicKey string // PEM; "" means that the service itself makes the tokens
}

// claims are what devkms reads of a web identity token.
type claims struct {
	Issuer   string   `json:"iss"`
	Subject  string   `json:"sub"`
	Audience audience `json:"aud"`
	Expires  int64    `json:"exp"`
	Issued   int64    `json:"iat"`
	Before   int64    `json:"nbf,omitempty"`
	Methods  []string `json:"amr,omitempty"`
}

// audience is a text or a list of texts.
type audience []string

func (a *audience) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*a = audience{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(a))
}

// WebIdentityToken makes a token of one of the world's issuers, good for
// AssumeRoleWithWebIdentity. The issuer is named by its URL.
func (s *Service) WebIdentityToken(now time.Time, issuer, subject, aud string, life time.Duration) (string, error) {
	switch is := s.issuer(func(i *Issuer) bool { return i.URL == issuer }); {
	case is == nil:
		return "", fmt.Errorf("the world has no issuer %q", issuer)
	case is.PublicKey != "":
		return "", fmt.Errorf("tokens of %q are made by the holder of its key", issuer)
	}
	return s.Token(now, issuer, subject, aud, life)
}

// Token makes a token of any issuer, also of one that no account accepts, such
// as the cluster of a pod.
func (s *Service) Token(now time.Time, issuer, subject, aud string, life time.Duration) (string, error) {
	payload, err := json.Marshal(claims{Issuer: issuer, Subject: subject, Audience: audience{aud}, Issued: now.Unix(), Expires: now.Add(life).Unix()})
	if err != nil {
		return "", fmt.Errorf("token: %w", err)
	}
	text := segment([]byte(`{"alg":"ES256","typ":"JWT"}`)) + "." + segment(payload)
	sum := sha256.Sum256([]byte(text))
	r, v, err := ecdsa.Sign(s.random, s.issuerKey, sum[:])
	if err != nil {
		return "", fmt.Errorf("token: %w", err)
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	v.FillBytes(signature[32:])
	return text + "." + segment(signature), nil
}

// Accepts reports whether a token was made by Token with these claims.
func (s *Service) Accepts(now time.Time, token, issuer, subject, aud string) (ok, expired bool) {
	c, err := readToken(token)
	if err != nil || !s.verifyToken(&Issuer{}, token) || c.Issuer != issuer || c.Subject != subject || !slices.Contains(c.Audience, aud) {
		return false, false
	}
	return now.Unix() < c.Expires, now.Unix() >= c.Expires
}

func segment(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// newIssuerKey derives the key from the secret, so that tokens outlive a restart
// as sessions do.
func newIssuerKey(secret []byte) (*ecdsa.PrivateKey, error) {
	sum := sha256.Sum256(append([]byte("devkms issuers "), secret...))
	return ecdsa.ParseRawPrivateKey(elliptic.P256(), sum[:])
}

func (s *Service) issuer(match func(*Issuer) bool) *Issuer {
	for i := range s.Issuers {
		if is := &s.Issuers[i]; match(is) {
			return is
		}
	}
	return nil
}

// providerARN is what a trust policy calls the issuer.
func (i *Issuer) providerARN() string {
	return "arn:aws:iam::" + i.Account + ":oidc-provider/" + i.host()
}

// host is the prefix of the issuer's condition keys: its URL without scheme.
func (i *Issuer) host() string { return strings.TrimPrefix(i.URL, "https://") }

// readToken takes a token apart; nothing of it is verified yet.
func readToken(token string) (claims, error) {
	var c claims
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return c, errors.New("not three parts")
	}
	b, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return c, err
	}
	return c, json.Unmarshal(b, &c)
}

// verifyToken checks the signature, by the algorithm that belongs to the key.
func (s *Service) verifyToken(i *Issuer, token string) bool {
	at := strings.LastIndexByte(token, '.')
	signature, err := base64.RawURLEncoding.DecodeString(token[at+1:])
	if err != nil {
		return false
	}
	var key crypto.PublicKey = &s.issuerKey.PublicKey
	if i.PublicKey != "" {
		if key, err = ParsePublicKey(i.PublicKey); err != nil {
			return false
		}
	}
	sum := sha256.Sum256([]byte(token[:at]))
	switch key := key.(type) {
	case *ecdsa.PublicKey:
		return len(signature) == 64 && algorithmOf(token) == "ES256" &&
			ecdsa.Verify(key, sum[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:]))
	case *rsa.PublicKey:
		return algorithmOf(token) == "RS256" && rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature) == nil
	}
	return false
}

func algorithmOf(token string) string {
	var h struct {
		Algorithm string `json:"alg"`
	}
	head, _, _ := strings.Cut(token, ".")
	b, err := base64.RawURLEncoding.DecodeString(head)
	if err != nil || json.Unmarshal(b, &h) != nil {
		return ""
	}
	return h.Algorithm
}

// ParsePublicKey reads a key that verifies ES256 or RS256.
func ParsePublicKey(text string) (crypto.PublicKey, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("the public key is no PEM block")
	}
	k, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("public key: %w", err)
	}
	switch k := k.(type) {
	case *rsa.PublicKey:
		return k, nil
	case *ecdsa.PublicKey:
		if k.Curve == elliptic.P256() {
			return k, nil
		}
	}
	return nil, errors.New("the public key is neither RSA nor on the curve P-256")
}
