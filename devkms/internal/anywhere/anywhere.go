// Package anywhere is IAM Roles Anywhere: a machine outside of AWS signs a
// request with the key of its certificate, and gets a session of a role.
package anywhere

import (
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/seed-1f7fdfb8/sops/devkms/internal/apierror"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/endpoint"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/sts"
)

// A Profile is a trust anchor and the role that its certificates open.
type Profile struct {
	Anchor, Profile, Role string // ARNs
	Authority             *x509.Certificate
}

// A Service gives sessions to those with a certificate.
type Service struct {
	Profile
	Now    func() time.Time // of the callers, which dates signatures
	Assign func(time.Time, sts.Assignment) (sts.Credentials, *apierror.Error)
}

// Name is the service in the audit log and in faults.
func (s *Service) Name() string { return "rolesanywhere" }

// Operation names the request, "" if it is for another service.
func (s *Service) Operation(r *http.Request) string {
	if r.Method == http.MethodPost && r.URL.Path == "/sessions" {
		return "CreateSession"
	}
	return ""
}

// Answer answers a request.
func (s *Service) Answer(c *endpoint.Call) endpoint.Answer {
	certificate, err := verify(c.Request, c.Body, s.Now())
	if err != nil {
		return denied(err.Error())
	}
	roots := x509.NewCertPool()
	roots.AddCert(s.Authority)
	_, err = certificate.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: c.Now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	switch {
	case err != nil && c.Now.After(certificate.NotAfter):
		return denied("Untrusted certificate. Certificate has expired")
	case err != nil:
		return denied("Untrusted certificate. Insufficient certificate")
	case certificate.KeyUsage&x509.KeyUsageDigitalSignature == 0 || certificate.IsCA:
		return denied("Untrusted certificate. Insufficient certificate")
	}
	q := c.URL.Query()
	if q.Get("trustAnchorArn") != s.Anchor || q.Get("profileArn") != s.Profile.Profile || q.Get("roleArn") != s.Role {
		return refuse(http.StatusNotFound, "ResourceNotFoundException", "no such trust anchor, profile or role")
	}
	return s.session(c, certificate)
}

// life is that of a session whose length the caller leaves open.
const life = time.Hour

func (s *Service) session(c *endpoint.Call, certificate *x509.Certificate) endpoint.Answer {
	var in struct {
		DurationSeconds int `json:"durationSeconds"`
	}
	if len(c.Body) > 0 && json.Unmarshal(c.Body, &in) != nil {
		return refuse(http.StatusBadRequest, "ValidationException", "the body is no JSON")
	}
	a := sts.Assignment{
		Owner: s.Role, Service: "rolesanywhere.amazonaws.com", Name: fmt.Sprintf("%x", certificate.SerialNumber), Life: life,
		Source: "CN=" + certificate.Subject.CommonName,
		Tags:   map[string]string{"x509Subject/CN": certificate.Subject.CommonName, "x509Issuer/CN": certificate.Issuer.CommonName},
	}
	if in.DurationSeconds != 0 {
		if in.DurationSeconds < 900 || in.DurationSeconds > 43200 {
			return refuse(http.StatusBadRequest, "ValidationException", "durationSeconds is between 900 and 43200")
		}
		a.Life = time.Duration(in.DurationSeconds) * time.Second
	}
	c.Role = s.Role
	got, problem := s.Assign(c.Now, a)
	if problem != nil {
		return denied("Unable to assume role for " + s.Role)
	}
	c.Principal, c.Account = got.ARN, got.Account
	return endpoint.JSON(http.StatusCreated, map[string]any{
		"credentialSet": []any{map[string]any{
			"assumedRoleUser": map[string]string{"arn": got.ARN, "assumedRoleId": "AROADEVKMS:" + a.Name},
			"credentials": map[string]string{
				"accessKeyId": got.AccessKey, "secretAccessKey": got.Secret, "sessionToken": got.Token,
				"expiration": got.Expires.UTC().Format(time.RFC3339),
			},
			"packedPolicySize": 10, "roleArn": s.Role, "sourceIdentity": a.Source,
		}},
		"subjectArn": s.Profile.Profile,
	})
}

// Fail says what a fault wants said.
func (s *Service) Fail(_ *endpoint.Call, t endpoint.Trouble) endpoint.Answer {
	switch t {
	case endpoint.Throttled:
		return refuse(http.StatusTooManyRequests, "ThrottlingException", "Rate exceeded")
	case endpoint.Denied:
		return denied("Unable to assume role for " + s.Role)
	case endpoint.Expired:
		return denied("Untrusted certificate. Certificate has expired")
	}
	return refuse(http.StatusInternalServerError, "InternalServerException", "devkms fault")
}

func denied(message string) endpoint.Answer {
	return refuse(http.StatusForbidden, "AccessDeniedException", message)
}

func refuse(status int, code, message string) endpoint.Answer {
	a := endpoint.Refuse(status, code, message, map[string]string{"message": message})
	a.Header.Set("X-Amzn-ErrorType", code)
	return a
}
