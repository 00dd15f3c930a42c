package signin

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/url"
	"strings"
	"time"
)

// A proof is what a DPoP header proves: that the sender has a key.
type proof struct{ id, thumbprint string }

// A jwk is the key, as the header of the proof has it.
type jwk struct {
	Type  string `json:"kty"`
	Curve string `json:"crv"`
	X     string `json:"x"`
	Y     string `json:"y"`
}

// readProof verifies a DPoP header of a POST to the path (RFC 9449). Its host is
// not looked at: programs write down the address that they mean, which need not
// be ours.
func readProof(text, path string) (proof, error) {
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return proof{}, errors.New("not three parts")
	}
	var head struct {
		Type      string `json:"typ"`
		Algorithm string `json:"alg"`
		Key       jwk    `json:"jwk"`
	}
	var claims struct {
		ID     string `json:"jti"`
		Method string `json:"htm"`
		URL    string `json:"htu"`
		Issued int64  `json:"iat"`
	}
	for i, into := range []any{&head, &claims} {
		b, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil || json.Unmarshal(b, into) != nil {
			return proof{}, errors.New("it cannot be read")
		}
	}
	if head.Type != "dpop+jwt" || head.Algorithm != "ES256" {
		return proof{}, errors.New("want typ dpop+jwt and alg ES256")
	}
	at, err := url.Parse(claims.URL)
	if err != nil || at.Path != path || claims.Method != "POST" || claims.ID == "" || claims.Issued == 0 {
		return proof{}, errors.New("want htm, htu, jti and iat of this request")
	}
	key, err := head.Key.public()
	if err != nil {
		return proof{}, err
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err != nil || len(signature) != 64 || !ecdsa.Verify(key, sum[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])) {
		return proof{}, errors.New("the signature is wrong")
	}
	return proof{claims.ID, head.Key.thumbprint()}, nil
}

func (k jwk) public() (*ecdsa.PublicKey, error) {
	x, err := base64.RawURLEncoding.DecodeString(k.X)
	y, err2 := base64.RawURLEncoding.DecodeString(k.Y)
	if err != nil || err2 != nil || k.Type != "EC" || k.Curve != "P-256" || len(x) != 32 || len(y) != 32 {
		return nil, errors.New("the key is not on the curve P-256")
	}
	return ecdsa.ParseUncompressedPublicKey(elliptic.P256(), append(append([]byte{4}, x...), y...))
}

// thumbprint names a key (RFC 7638).
func (k jwk) thumbprint() string {
	sum := sha256.Sum256(fmt.Appendf(nil, `{"crv":%q,"kty":%q,"x":%q,"y":%q}`, k.Curve, k.Type, k.X, k.Y))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// Cache makes the file that `aws login` leaves: credentials, a refresh token and
// the key that it is bound to.
func (s *Service) Cache(now time.Time, random io.Reader) ([]byte, error) {
	seed := make([]byte, 32)
	if _, err := io.ReadFull(random, seed); err != nil {
		return nil, fmt.Errorf("key of the login: %w", err)
	}
	seed[0] &= 0x7f // below the order of the curve
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), seed)
	if err != nil {
		return nil, fmt.Errorf("key of the login: %w", err)
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("key of the login: %w", err)
	}
	public, err := key.PublicKey.Bytes()
	if err != nil {
		return nil, fmt.Errorf("key of the login: %w", err)
	}
	k := jwk{"EC", "P-256", base64.RawURLEncoding.EncodeToString(public[1:33]), base64.RawURLEncoding.EncodeToString(public[33:])}
	l, err := s.login(now, SameDevice, k.thumbprint())
	if err != nil {
		return nil, err
	}
	id, err := s.IDToken(now, SameDevice, s.User)
	if err != nil {
		return nil, err
	}
	return json.MarshalIndent(map[string]any{
		"accessToken": map[string]string{
			"accessKeyId": l.AccessKey, "secretAccessKey": l.Secret, "sessionToken": l.Token, "accountId": l.Account,
			"expiresAt": l.Expires.UTC().Format(time.RFC3339),
		},
		"tokenType": "aws_sigv4", "clientId": SameDevice, "refreshToken": l.RefreshToken, "idToken": id,
		"dpopKey": string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})),
	}, "", "  ")
}
