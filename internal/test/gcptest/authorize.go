package gcptest

import (
	"crypto/rand"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Scopes that Cloud KMS takes.
const (
	ScopePlatform = "https://www.googleapis.com/auth/cloud-platform"
	ScopeKMS      = "https://www.googleapis.com/auth/cloudkms"
)

// A grant is what an access token is good for.
type grant struct {
	principal string
	scopes    []string
	expires   time.Time
}

// tokenLife is how long access tokens are good.
const tokenLife = time.Hour

// Token returns a new access token of a principal, with the scopes or else
// ScopePlatform.
func (s *Server) Token(principal string, scopes ...string) string {
	if len(scopes) == 0 {
		scopes = []string{ScopePlatform}
	}
	token := "ya29." + rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens[token] = grant{principal, scopes, s.now().Add(tokenLife)}
	return token
}

// Revoke makes all tokens invalid that were given so far.
func (s *Server) Revoke() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
}

// bearer returns what the token of the request is good for.
func (s *Server) bearer(r *http.Request) (grant, *refusal) {
	values := r.Header.Values("Authorization")
	if len(values) != 1 || !strings.HasPrefix(values[0], "Bearer ") {
		return grant{}, refuse(http.StatusUnauthorized, "UNAUTHENTICATED", "Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or other valid authentication credential.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g, known := s.tokens[strings.TrimPrefix(values[0], "Bearer ")]
	if !known || !s.now().Before(g.expires) {
		return grant{}, refuse(http.StatusUnauthorized, "UNAUTHENTICATED", "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.").
			because("ACCESS_TOKEN_EXPIRED", nil)
	}
	return g, nil
}

// authorize checks who calls, on whose quota, and whether that is allowed.
func (s *Server) authorize(r *http.Request, key, operation string) *refusal {
	g, err := s.bearer(r)
	if err != nil {
		return err
	}
	if !slices.Contains(g.scopes, ScopePlatform) && !slices.Contains(g.scopes, ScopeKMS) {
		return refuse(http.StatusForbidden, "PERMISSION_DENIED", "Request had insufficient authentication scopes.").
			because("ACCESS_TOKEN_SCOPE_INSUFFICIENT", map[string]string{"service": "cloudkms.googleapis.com"})
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if project := r.Header.Get("X-Goog-User-Project"); project != "" {
		reason, known := s.projects[project]
		if !known {
			reason = "USER_PROJECT_DENIED"
		}
		if reason != "" {
			return quota(project, reason)
		}
	}
	permission := map[string]string{"encrypt": UseToEncrypt, "decrypt": UseToDecrypt}[operation]
	if s.denied[g.principal+" "+permission] {
		return refuse(http.StatusForbidden, "PERMISSION_DENIED", "Permission '%s' denied on resource '%s' (or it may not exist).", permission, key).
			because("IAM_PERMISSION_DENIED", map[string]string{"permission": permission, "resource": key})
	}
	return nil
}

func quota(project, reason string) *refusal {
	e := refuse(http.StatusForbidden, "PERMISSION_DENIED", "Caller does not have required permission to use project %s. Grant the caller the roles/serviceusage.serviceUsageConsumer role.", project)
	if reason == "SERVICE_DISABLED" {
		e.message = "Cloud Key Management Service (KMS) API has not been used in project " + project + " before or it is disabled."
	}
	return e.because(reason, map[string]string{"consumer": "projects/" + project, "service": "cloudkms.googleapis.com"})
}
