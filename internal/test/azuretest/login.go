package azuretest

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

func quiet() *log.Logger { return log.New(io.Discard, "", 0) }

// tokenLife is how long access tokens are good.
const tokenLife = time.Hour

// clouds are the login hosts, with the audiences that they give tokens for.
func clouds() map[string][]string {
	return map[string][]string{
		"login.microsoftonline.com": {"https://vault.azure.net", "https://managedhsm.azure.net"},
		"login.microsoftonline.us":  {"https://vault.usgovcloudapi.net"},
		"login.chinacloudapi.cn":    {"https://vault.azure.cn"},
	}
}

func isLogin(host string) bool { return clouds()[host] != nil }

// loginError is an error of Entra ID.
func loginError(w http.ResponseWriter, status int, code, format string, args ...any) {
	writeJSON(w, status, map[string]any{"error": code, "error_description": fmt.Sprintf(format, args...), "correlation_id": "x", "trace_id": "x"})
}

var tenantPath = regexp.MustCompile(`^/([0-9a-f-]{36}|common|organizations)(/.*)$`)

// login answers requests to Entra ID.
func (s *Server) login(w http.ResponseWriter, r *http.Request, host string) {
	m := tenantPath.FindStringSubmatch(r.URL.Path)
	switch {
	case m == nil:
		http.NotFound(w, r)
	case m[2] == "/discovery/instance":
		discovery(w, r, host)
	case m[1] != Tenant && m[1] != OtherTenant:
		loginError(w, http.StatusBadRequest, "invalid_tenant", "AADSTS90002: Tenant '%s' not found.", m[1])
	case m[2] == "/v2.0/.well-known/openid-configuration":
		base := "https://" + host + "/" + m[1]
		writeJSON(w, http.StatusOK, map[string]any{
			"token_endpoint": base + "/oauth2/v2.0/token", "authorization_endpoint": base + "/oauth2/v2.0/authorize",
			"device_authorization_endpoint": base + "/oauth2/v2.0/devicecode", "issuer": base + "/v2.0",
		})
	case m[2] == "/oauth2/v2.0/token":
		s.token(w, r, host, m[1])
	default:
		http.NotFound(w, r)
	}
}

func discovery(w http.ResponseWriter, r *http.Request, host string) {
	asked, err := url.Parse(r.URL.Query().Get("authorization_endpoint"))
	if err != nil || r.URL.Query().Get("api-version") != "1.1" || !isLogin(asked.Host) {
		loginError(w, http.StatusBadRequest, "invalid_instance", "AADSTS50049: Unknown or invalid instance.")
		return
	}
	tenant, _, _ := strings.Cut(strings.TrimPrefix(asked.Path, "/"), "/")
	writeJSON(w, http.StatusOK, map[string]any{
		"tenant_discovery_endpoint": "https://" + host + "/" + tenant + "/v2.0/.well-known/openid-configuration", "api-version": "1.1",
		"metadata": []any{map[string]any{"preferred_network": asked.Host, "preferred_cache": asked.Host, "aliases": []string{asked.Host}}},
	})
}

// token is the token endpoint of a tenant.
func (s *Server) token(w http.ResponseWriter, r *http.Request, host, tenant string) {
	if r.Method != http.MethodPost || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") || r.ParseForm() != nil {
		loginError(w, http.StatusBadRequest, "invalid_request", "AADSTS900144: the request is no form")
		return
	}
	f := r.PostForm
	if f.Get("grant_type") != "client_credentials" {
		loginError(w, http.StatusBadRequest, "unsupported_grant_type", "AADSTS70003: The app requested an unsupported grant type '%s'.", f.Get("grant_type"))
		return
	}
	if f.Get("client_id") != App {
		loginError(w, http.StatusBadRequest, "unauthorized_client", "AADSTS700016: Application with identifier '%s' was not found in the directory.", f.Get("client_id"))
		return
	}
	if err := s.proof(f, "https://"+host+"/"+tenant+"/oauth2/v2.0/token"); err != nil {
		loginError(w, http.StatusUnauthorized, "invalid_client", "%v", err)
		return
	}
	for scope := range strings.FieldsSeq(f.Get("scope")) {
		audience, full := strings.CutSuffix(scope, "/.default")
		if full && slices.Contains(clouds()[host], audience) {
			writeJSON(w, http.StatusOK, map[string]any{
				"access_token": s.Token(App, tenant, audience), "expires_in": int(tokenLife / time.Second),
				"ext_expires_in": int(tokenLife / time.Second), "token_type": "Bearer",
			})
			return
		}
	}
	loginError(w, http.StatusBadRequest, "invalid_scope", "AADSTS1002012: The provided value for scope %s is not valid.", f.Get("scope"))
}

// proof checks how the application shows who it is.
func (s *Server) proof(f url.Values, audience string) error {
	assertion := f.Get("client_assertion")
	switch {
	case f.Get("client_secret") == Secret && assertion == "":
		return nil
	case assertion == "":
		return errors.New("AADSTS7000215: Invalid client secret provided.")
	case f.Get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer":
		return errors.New("AADSTS50027: the type of the assertion is wrong")
	}
	return s.assertion(assertion, audience)
}

// FederatedToken returns the token of a workload that Entra ID trusts as App.
func (s *Server) FederatedToken() string {
	now := s.now()
	return s.sign(map[string]any{
		"iss": "https://issuer.example.test", "sub": "system:serviceaccount:ci:sops", "aud": "api://AzureADTokenExchange",
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(tokenLife).Unix(),
	})
}

// assertion checks a token that App signed, or one of a workload.
func (s *Server) assertion(text, audience string) error {
	var header struct {
		Alg, Typ string
		X5tS256  string `json:"x5t#S256"`
	}
	var c struct {
		Iss, Sub, Aud, Jti string
		Nbf, Exp           int64
	}
	signed, signature, err := decode(text, &header, &c)
	if err != nil {
		return fmt.Errorf("AADSTS50027: JWT token is invalid or malformed: %w", err)
	}
	now, exp := s.now(), time.Unix(c.Exp, 0)
	if now.After(exp) {
		return errors.New("AADSTS700024: Client assertion is not within its valid time range.")
	}
	if c.Aud == "api://AzureADTokenExchange" {
		if verify(s.signer().Public(), "RS256", signed, signature) != nil || c.Sub != "system:serviceaccount:ci:sops" {
			return errors.New("AADSTS70021: No matching federated identity record found.")
		}
		return nil
	}
	thumb := sha256.Sum256(s.app().der)
	const longest = 10 * time.Minute
	switch {
	// The form of the standard, or that of Microsoft's own library.
	case header.X5tS256 != base64.RawURLEncoding.EncodeToString(thumb[:]) && header.X5tS256 != base64.StdEncoding.EncodeToString(thumb[:]):
		return errors.New("AADSTS700027: The certificate with identifier used to sign the client assertion is not registered on application.")
	case verify(s.app().key.Public(), header.Alg, signed, signature) != nil:
		return errors.New("AADSTS700027: Client assertion failed signature validation.")
	case c.Aud != audience:
		return fmt.Errorf("AADSTS700023: Client assertion audience claim does not match: %s", c.Aud)
	case c.Iss != App || c.Sub != App || c.Jti == "":
		return errors.New("AADSTS700021: Client assertion application identifier doesn't match 'client_id' parameter.")
	case exp.Sub(now) > longest+time.Minute || time.Unix(c.Nbf, 0).After(now.Add(time.Minute)):
		return errors.New("AADSTS700024: Client assertion is not within its valid time range.")
	}
	return nil
}

// managedIdentity is the endpoint of an App Service's identity.
func (s *Server) managedIdentity(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	client := q.Get("client_id")
	switch {
	case r.Method != http.MethodGet || r.Header.Get("X-IDENTITY-HEADER") != s.msi:
		writeJSON(w, http.StatusUnauthorized, map[string]any{"statusCode": http.StatusUnauthorized, "message": "no"})
	case q.Get("api-version") != "2019-08-01" || client != "" && client != Identity:
		writeJSON(w, http.StatusBadRequest, map[string]any{"statusCode": http.StatusBadRequest, "message": "No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId."})
	case !slices.Contains(clouds()["login.microsoftonline.com"], q.Get("resource")):
		writeJSON(w, http.StatusBadRequest, map[string]any{"statusCode": http.StatusBadRequest, "message": "invalid_resource"})
	default:
		writeJSON(w, http.StatusOK, map[string]any{
			"access_token": s.Token(Identity, Tenant, q.Get("resource")), "expires_on": fmt.Sprint(s.now().Add(tokenLife).Unix()),
			"resource": q.Get("resource"), "token_type": "Bearer", "client_id": Identity,
		})
	}
}

// Token returns an access token of a principal.
func (s *Server) Token(principal, tenant, audience string) string {
	now := s.now()
	return s.sign(map[string]any{
		"aud": audience, "iss": "https://sts.windows.net/" + tenant + "/", "tid": tenant, "appid": principal, "oid": principal,
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(tokenLife).Unix(),
	})
}

func (s *Server) sign(claims map[string]any) string {
	text := encode(map[string]any{"alg": "RS256", "typ": "JWT"}) + "." + encode(claims)
	digest := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(nil, s.signer(), crypto.SHA256, digest[:])
	if err != nil {
		panic("azuretest: " + err.Error())
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func encode(v map[string]any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic("azuretest: " + err.Error())
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// decode takes a token apart, without verifying it.
func decode(text string, header, claims any) (signed string, signature []byte, err error) {
	parts := strings.Split(text, ".")
	const three = 3
	if len(parts) != three {
		return "", nil, errors.New("it has not three parts")
	}
	for i, into := range []any{header, claims} {
		b, err := base64.RawURLEncoding.Strict().DecodeString(parts[i])
		if err == nil {
			err = json.Unmarshal(b, into)
		}
		if err != nil {
			return "", nil, err
		}
	}
	signature, err = base64.RawURLEncoding.Strict().DecodeString(parts[2])
	return parts[0] + "." + parts[1], signature, err
}

func verify(public crypto.PublicKey, alg, signed string, signature []byte) error {
	key, ok := public.(*rsa.PublicKey)
	if !ok {
		return errors.New("the key is not RSA")
	}
	digest := sha256.Sum256([]byte(signed))
	switch alg {
	case "RS256":
		return rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], signature)
	case "PS256":
		return rsa.VerifyPSS(key, crypto.SHA256, digest[:], signature, nil)
	}
	return fmt.Errorf("alg %q", alg)
}
