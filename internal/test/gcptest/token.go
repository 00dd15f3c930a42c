package gcptest

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Secrets of the identities that the token endpoints know.
const (
	keyID        = "0123456789abcdef0123456789abcdef01234567"
	clientID     = "32555940559.apps.googleusercontent.com"
	clientSecret = "canary-client-secret"
	refreshToken = "1//canary-refresh-token"

	// SubjectToken is what the security token service exchanges.
	SubjectToken = "canary-subject-token"
	audience     = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/ci"
)

// form returns the fields of a request that has the form of OAuth 2.0.
func form(r *http.Request) (url.Values, error) {
	switch {
	case r.Method != http.MethodPost:
		return nil, errors.New("the method is not POST")
	case !strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded"):
		return nil, errors.New("the content type is not application/x-www-form-urlencoded")
	}
	if err := r.ParseForm(); err != nil {
		return nil, err
	}
	return r.PostForm, nil
}

func oauthError(w http.ResponseWriter, code, format string, args ...any) {
	writeJSON(w, http.StatusBadRequest, map[string]string{"error": code, "error_description": fmt.Sprintf(format, args...)})
}

func (s *Server) grantTo(w http.ResponseWriter, principal string, scopes ...string) {
	writeJSON(w, http.StatusOK, map[string]any{"access_token": s.Token(principal, scopes...), "expires_in": int(tokenLife / time.Second), "token_type": "Bearer"})
}

// token is the token endpoint.
func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	f, err := form(r)
	if err != nil {
		oauthError(w, "invalid_request", "%v", err)
		return
	}
	switch f.Get("grant_type") {
	case "urn:ietf:params:oauth:grant-type:jwt-bearer":
		scopes, err := s.assertion(f.Get("assertion"))
		if err != nil {
			oauthError(w, "invalid_grant", "Invalid JWT: %v", err)
			return
		}
		s.grantTo(w, Account, scopes...)
	case "refresh_token":
		switch {
		case f.Get("client_id") != clientID || f.Get("client_secret") != clientSecret:
			writeJSON(w, http.StatusUnauthorized, map[string]string{"error": "invalid_client", "error_description": "The OAuth client was not found."})
		case f.Get("refresh_token") != refreshToken:
			oauthError(w, "invalid_grant", "Token has been expired or revoked.")
		default:
			s.grantTo(w, User)
		}
	default:
		oauthError(w, "unsupported_grant_type", "Invalid grant_type: %s", f.Get("grant_type"))
	}
}

// assertion checks a token that the service account signed itself, and returns
// the scopes that it asks for.
func (s *Server) assertion(text string) ([]string, error) {
	parts := strings.Split(text, ".")
	const three = 3
	if len(parts) != three {
		return nil, errors.New("it has not three parts")
	}
	var header struct{ Alg, Typ, Kid string }
	var claims struct {
		Iss, Sub, Scope, Aud string
		Iat, Exp             int64
	}
	for i, into := range []any{&header, &claims} {
		b, err := base64.RawURLEncoding.Strict().DecodeString(parts[i])
		if err == nil {
			err = json.Unmarshal(b, into)
		}
		if err != nil {
			return nil, err
		}
	}
	signature, err := base64.RawURLEncoding.Strict().DecodeString(parts[2])
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	const slack = 5 * time.Minute
	now, iat, exp := s.now(), time.Unix(claims.Iat, 0), time.Unix(claims.Exp, 0)
	switch {
	case header.Alg != "RS256" || header.Typ != "JWT":
		return nil, fmt.Errorf("alg %q, typ %q", header.Alg, header.Typ)
	case header.Kid != keyID:
		return nil, fmt.Errorf("there is no key %q", header.Kid)
	case rsa.VerifyPKCS1v15(&s.signer.PublicKey, crypto.SHA256, sum[:], signature) != nil:
		return nil, errors.New("the signature is wrong")
	case claims.Iss != Account:
		return nil, fmt.Errorf("there is no account %q", claims.Iss)
	case claims.Aud != s.URL()+"/token":
		return nil, fmt.Errorf("the audience is %q", claims.Aud)
	case iat.After(now.Add(slack)) || now.After(exp.Add(slack)) || exp.Sub(iat) > time.Hour || !exp.After(iat):
		return nil, errors.New("Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.")
	}
	scopes := strings.Fields(claims.Scope)
	if len(scopes) == 0 {
		return nil, errors.New("there is no scope")
	}
	return scopes, nil
}

// exchange is the security token service.
func (s *Server) exchange(w http.ResponseWriter, r *http.Request) {
	f, err := form(r)
	if err != nil {
		oauthError(w, "invalid_request", "%v", err)
		return
	}
	scopes := strings.Fields(f.Get("scope"))
	switch {
	case f.Get("grant_type") != "urn:ietf:params:oauth:grant-type:token-exchange":
		oauthError(w, "unsupported_grant_type", "Invalid grant_type: %s", f.Get("grant_type"))
	case f.Get("requested_token_type") != "urn:ietf:params:oauth:token-type:access_token", f.Get("subject_token_type") != "urn:ietf:params:oauth:token-type:jwt":
		oauthError(w, "invalid_request", "the types of tokens are not served")
	case f.Get("audience") != audience:
		oauthError(w, "invalid_target", "The target service indicated by the \"audience\" parameters is invalid: %s", f.Get("audience"))
	case f.Get("subject_token") != SubjectToken:
		oauthError(w, "invalid_grant", "The subject token is invalid.")
	case len(scopes) == 0:
		oauthError(w, "invalid_scope", "there is no scope")
	default:
		writeJSON(w, http.StatusOK, map[string]any{
			"access_token": s.Token(Federated, scopes...), "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
			"expires_in": int(tokenLife / time.Second), "token_type": "Bearer",
		})
	}
}

// impersonate is the IAM credentials service.
func (s *Server) impersonate(w http.ResponseWriter, r *http.Request) {
	g, refused := s.bearer(r)
	if refused != nil {
		refused.write(w)
		return
	}
	var in struct {
		Lifetime  string
		Scope     []string
		Delegates []string
	}
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	switch err := d.Decode(&in); {
	case r.Method != http.MethodPost || r.URL.Path != "/v1/projects/-/serviceAccounts/"+Impersonated+":generateAccessToken":
		refuse(http.StatusNotFound, "NOT_FOUND", "Not found; Gaia id not found for the account.").write(w)
	case err != nil || len(in.Scope) == 0 || in.Lifetime != "" && in.Lifetime != "3600s":
		refuse(http.StatusBadRequest, "INVALID_ARGUMENT", "Request contains an invalid argument.").write(w)
	case !slices.Contains(g.scopes, ScopePlatform) && !slices.Contains(g.scopes, "https://www.googleapis.com/auth/iam"):
		refuse(http.StatusForbidden, "PERMISSION_DENIED", "Request had insufficient authentication scopes.").because("ACCESS_TOKEN_SCOPE_INSUFFICIENT", nil).write(w)
	case s.isDenied(g.principal, "iam.serviceAccounts.getAccessToken"):
		refuse(http.StatusForbidden, "PERMISSION_DENIED", "Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist).").
			because("IAM_PERMISSION_DENIED", map[string]string{"permission": "iam.serviceAccounts.getAccessToken"}).write(w)
	default:
		writeJSON(w, http.StatusOK, map[string]string{
			"accessToken": s.Token(Impersonated, in.Scope...), "expireTime": s.now().Add(tokenLife).UTC().Format(time.RFC3339),
		})
	}
}

func (s *Server) isDenied(principal, permission string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.denied[principal+" "+permission]
}

// metadata is the metadata server of a virtual machine.
func (s *Server) metadata(w http.ResponseWriter, r *http.Request) {
	const flavor = "Metadata-Flavor"
	if s.NoMetadata {
		http.NotFound(w, r)
		return
	}
	w.Header().Set(flavor, "Google")
	if r.URL.Path != "/" && (r.Header.Get(flavor) != "Google" || r.Method != http.MethodGet || r.Header.Get("X-Forwarded-For") != "") {
		http.Error(w, "Missing Metadata-Flavor:Google header.", http.StatusForbidden)
		return
	}
	switch strings.TrimPrefix(r.URL.Path, "/computeMetadata/v1/") {
	case "/":
		fmt.Fprint(w, "computeMetadata/\n")
	case "project/project-id":
		fmt.Fprint(w, Project)
	case "universe/universe-domain":
		fmt.Fprint(w, s.Universe)
	case "instance/service-accounts/default/email":
		fmt.Fprint(w, Machine)
	case "instance/service-accounts/default/token":
		scopes := strings.FieldsFunc(r.URL.Query().Get("scopes"), func(c rune) bool { return c == ',' || c == ' ' })
		s.grantTo(w, Machine, scopes...)
	default:
		http.NotFound(w, r)
	}
}
