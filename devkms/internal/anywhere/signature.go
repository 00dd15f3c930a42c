package anywhere

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Signatures of version 4 with the key of a certificate instead of a secret. The
// serial number of the certificate replaces the id of the access key.
const (
	byECDSA = "AWS4-X509-ECDSA-SHA256"
	byRSA   = "AWS4-X509-RSA-SHA256"
	date    = "20060102T150405Z"
	maxSkew = 5 * time.Minute
)

// verify returns the certificate whose key has signed the request.
func verify(r *http.Request, body []byte, now time.Time) (*x509.Certificate, error) {
	der, err := base64.StdEncoding.DecodeString(r.Header.Get("X-Amz-X509"))
	if err != nil {
		return nil, errors.New("the header X-Amz-X509 has no certificate")
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, errors.New("the header X-Amz-X509 has no certificate")
	}
	algorithm, rest, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	fields := map[string]string{}
	for part := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		fields[name] = value
	}
	serial, scope, _ := strings.Cut(fields["Credential"], "/")
	signed := strings.Split(fields["SignedHeaders"], ";")
	stamp := r.Header.Get("X-Amz-Date")
	at, err := time.Parse(date, stamp)
	switch parts := strings.Split(scope, "/"); {
	case err != nil || len(parts) != 4 || parts[0] != stamp[:8] || parts[2] != "rolesanywhere" || parts[3] != "aws4_request":
		return nil, errors.New("the scope of the signature is not that of the request")
	case serial != certificate.SerialNumber.String():
		return nil, errors.New("the signature names another certificate")
	case at.Before(now.Add(-maxSkew)) || at.After(now.Add(maxSkew)):
		return nil, fmt.Errorf("signature expired: %s is not within five minutes of %s", stamp, now.UTC().Format(date))
	case !slices.Contains(signed, "host") || !slices.Contains(signed, "x-amz-date") || !slices.Contains(signed, "x-amz-x509"):
		return nil, errors.New("the signature leaves out a header")
	}
	signature, err := hex.DecodeString(fields["Signature"])
	if err != nil {
		return nil, errors.New("the signature is not hexadecimal")
	}
	sum := sha256.Sum256([]byte(canonical(r, body, signed)))
	text := sha256.Sum256([]byte(strings.Join([]string{algorithm, stamp, scope, hex.EncodeToString(sum[:])}, "\n")))
	if !signedBy(certificate, algorithm, text[:], signature) {
		return nil, errors.New("the signature does not match")
	}
	return certificate, nil
}

func signedBy(c *x509.Certificate, algorithm string, sum, signature []byte) bool {
	switch key := c.PublicKey.(type) {
	case *ecdsa.PublicKey:
		return algorithm == byECDSA && ecdsa.VerifyASN1(key, sum, signature)
	case *rsa.PublicKey:
		return algorithm == byRSA && rsa.VerifyPKCS1v15(key, crypto.SHA256, sum, signature) == nil
	}
	return false
}

// canonical is the request as it is signed.
func canonical(r *http.Request, body []byte, signed []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s\n%s\n", r.Method, r.URL.EscapedPath(), canonicalQuery(r.URL.Query()))
	for _, name := range signed {
		value := strings.Join(r.Header.Values(name), ",")
		if name == "host" {
			value = r.Host
		}
		fmt.Fprintf(&b, "%s:%s\n", name, strings.Join(strings.Fields(value), " "))
	}
	sum := sha256.Sum256(body)
	fmt.Fprintf(&b, "\n%s\n%s", strings.Join(signed, ";"), hex.EncodeToString(sum[:]))
	return b.String()
}

// canonicalQuery escapes all but the letters, digits and signs that RFC 3986
// leaves alone.
func canonicalQuery(q url.Values) string {
	return strings.ReplaceAll(q.Encode(), "+", "%20")
}
