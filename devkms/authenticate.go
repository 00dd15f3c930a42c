package devkms

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// An authError is a refusal before any policy is asked. KMS and STS use
// other codes and statuses for the same thing.
type authError int

const (
	missingToken authError = iota
	incomplete
	unknownKey
	wrongSignature
	badScope
	skewed
	expired
)

func (e authError) in(service, detail string) *apiError {
	kms := map[authError]string{
		missingToken: "MissingAuthenticationTokenException", incomplete: "IncompleteSignatureException",
		unknownKey: "UnrecognizedClientException", wrongSignature: "InvalidSignatureException",
		badScope: "InvalidSignatureException", skewed: "InvalidSignatureException", expired: "ExpiredTokenException",
	}
	sts := map[authError]string{
		missingToken: "MissingAuthenticationToken", incomplete: "IncompleteSignature",
		unknownKey: "InvalidClientTokenId", wrongSignature: "SignatureDoesNotMatch",
		badScope: "SignatureDoesNotMatch", skewed: "SignatureDoesNotMatch", expired: "ExpiredToken",
	}
	text := e.text(detail)
	if service == "sts" {
		if e == incomplete {
			return refuse(sts[e], "%s", text)
		}
		return forbid(sts[e], "%s", text)
	}
	return refuse(kms[e], "%s", text)
}

func (e authError) text(detail string) string {
	switch e {
	case missingToken:
		return "Missing Authentication Token"
	case unknownKey:
		return "The security token included in the request is invalid."
	case expired:
		return "The security token included in the request is expired"
	case wrongSignature:
		return "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
	}
	return detail
}

// authenticate finds out who signed the request. Signatures are dated by the
// clock that the callers share, which Advance does not move.
func (s *Server) authenticate(r *http.Request, service string, body []byte) (*principal, authorization, *apiError) {
	header := r.Header.Get("Authorization")
	if header == "" {
		return nil, authorization{}, missingToken.in(service, "")
	}
	a, problem := parseAuthorization(header)
	if problem != "" {
		return nil, a, incomplete.in(service, problem)
	}
	stamp := r.Header.Get("X-Amz-Date")
	at, err := time.Parse(sigTime, stamp)
	switch {
	case err != nil:
		return nil, a, incomplete.in(service, "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
	case a.service != service:
		return nil, a, badScope.in(service, fmt.Sprintf("Credential should be scoped to correct service: '%s'.", service))
	case !isRegion(a.region):
		return nil, a, badScope.in(service, "Credential should be scoped to a valid region.")
	case !strings.HasPrefix(stamp, a.date):
		return nil, a, badScope.in(service, fmt.Sprintf("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '%s' != '%s'.", a.date, stamp[:8]))
	}
	if text := skew(at, s.now().UTC()); text != "" {
		return nil, a, skewed.in(service, text)
	}
	who, secret, err := s.credential(a.accessKey, r.Header.Get("X-Amz-Security-Token"))
	if err != nil {
		var known authError = unknownKey
		if errors.Is(err, errExpired) {
			known = expired
		}
		return nil, a, known.in(service, "")
	}
	if !verify(s.signer, r, body, a, secret, at) {
		return nil, a, wrongSignature.in(service, "")
	}
	return who, a, nil
}

// skew words the refusal of a date that is too far from now.
func skew(at, now time.Time) string {
	switch {
	case at.Before(now.Add(-maxSkew)):
		return fmt.Sprintf("Signature expired: %s is now earlier than %s (%s - 5 min.)", at.Format(sigTime), now.Add(-maxSkew).Format(sigTime), now.Format(sigTime))
	case at.After(now.Add(maxSkew)):
		return fmt.Sprintf("Signature not yet current: %s is still later than %s (%s + 5 min.)", at.Format(sigTime), now.Add(maxSkew).Format(sigTime), now.Format(sigTime))
	}
	return ""
}

var (
	errExpired = errors.New("the session has expired")
	errUnknown = errors.New("no such credential")
)

// credential returns the owner and the secret of an access key. A session's
// key is worth nothing without its token, and a user's key takes none.
func (s *Server) credential(accessKey, token string) (*principal, string, error) {
	if token == "" {
		c, ok := s.people.byAccessKey[accessKey]
		if !ok {
			return nil, "", errUnknown
		}
		return c.who, c.secret, nil
	}
	t, err := s.openToken(token)
	if err != nil || subtle.ConstantTimeCompare([]byte(t.AccessKey), []byte(accessKey)) != 1 {
		return nil, "", errUnknown
	}
	if !s.worldTime().Before(t.Expires) {
		return nil, "", errExpired
	}
	who, err := s.people.session(t)
	return who, t.Secret, err
}
