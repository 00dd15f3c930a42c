// Package sigv4 verifies AWS signatures of version 4 by signing the request
// again with the secret that belongs to its access key, and refuses as KMS and
// STS word it.
package sigv4

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

const (
	sigAlgorithm = "AWS4-HMAC-SHA256"
	sigTime      = "20060102T150405Z"
	maxSkew      = 5 * time.Minute
)

// An Authorization is the Authorization header, taken apart.
type Authorization struct {
	AccessKey, Date, Region, Service string
	signedHeaders                    []string
	signature                        string
}

// Parse takes the header apart. It reports in words what is wrong with the header.
func Parse(h string) (Authorization, string) {
	var a Authorization
	kind, rest, _ := strings.Cut(h, " ")
	if kind != sigAlgorithm {
		return a, "Authorization header requires algorithm " + sigAlgorithm
	}
	parts := map[string]string{}
	for _, p := range strings.Split(rest, ",") {
		k, v, _ := strings.Cut(strings.TrimSpace(p), "=")
		parts[k] = v
	}
	for _, k := range []string{"Credential", "Signature", "SignedHeaders"} {
		if parts[k] == "" {
			return a, "Authorization header requires '" + k + "' parameter."
		}
	}
	scope := strings.Split(parts["Credential"], "/")
	if len(scope) != 5 || scope[4] != "aws4_request" {
		return a, "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term"
	}
	a.AccessKey, a.Date, a.Region, a.Service = scope[0], scope[1], scope[2], scope[3]
	a.signedHeaders = strings.Split(parts["SignedHeaders"], ";")
	a.signature = parts["Signature"]
	if !slices.Contains(a.signedHeaders, "host") {
		return a, "'Host' must be a 'SignedHeader' in the AWS Authorization."
	}
	return a, ""
}

// coversAll reports whether the headers are signed that say what is asked,
// when, and by which session.
func (a Authorization) coversAll(h http.Header) bool {
	for _, name := range []string{"x-amz-date", "x-amz-target", "x-amz-security-token"} {
		if len(h.Values(name)) > 0 && !slices.Contains(a.signedHeaders, name) {
			return false
		}
	}
	return true
}

// verify signs the request again with the secret that we know, over exactly
// the headers that the caller signed, and compares.
func verify(s *v4.Signer, r *http.Request, body []byte, a Authorization, secret string, at time.Time) bool {
	if !a.coversAll(r.Header) {
		return false
	}
	again, err := http.NewRequestWithContext(r.Context(), r.Method, "http://"+r.Host+r.URL.RequestURI(), nil)
	if err != nil {
		return false
	}
	again.Host = r.Host
	for _, name := range a.signedHeaders {
		switch name {
		case "host":
		case "content-length":
			again.ContentLength = r.ContentLength
		default:
			if v := r.Header.Values(name); len(v) > 0 {
				again.Header[http.CanonicalHeaderKey(name)] = v
			}
		}
	}
	sum := sha256.Sum256(body)
	credentials := aws.Credentials{AccessKeyID: a.AccessKey, SecretAccessKey: secret}
	if err := s.SignHTTP(r.Context(), credentials, again, hex.EncodeToString(sum[:]), a.Service, a.Region, at); err != nil {
		return false
	}
	mine, problem := Parse(again.Header.Get("Authorization"))
	return problem == "" && subtle.ConstantTimeCompare([]byte(mine.signature), []byte(a.signature)) == 1
}
