package sso

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/seed-1f7fdfb8/sops/devkms/internal/endpoint"
)

// A request is what the calls of the token service carry.
type request struct {
	ClientID     string   `json:"clientId"`
	ClientSecret string   `json:"clientSecret"`
	ClientName   string   `json:"clientName"`
	ClientType   string   `json:"clientType"`
	RedirectURIs []string `json:"redirectUris"`
	StartURL     string   `json:"startUrl"`
	GrantType    string   `json:"grantType"`
	DeviceCode   string   `json:"deviceCode"`
	RefreshToken string   `json:"refreshToken"`
	Code         string   `json:"code"`
	CodeVerifier string   `json:"codeVerifier"`
	RedirectURI  string   `json:"redirectUri"`
}

const (
	deviceGrant = "urn:ietf:params:oauth:grant-type:device_code"
	codeLife    = 10 * time.Minute
	interval    = 1 // seconds between two questions for a token
)

func (s *Service) register(c *endpoint.Call) endpoint.Answer {
	var in request
	if json.Unmarshal(c.Body, &in) != nil || in.ClientName == "" || in.ClientType != "public" {
		return oauth(http.StatusBadRequest, "InvalidRequestException", "invalid_request", "clientName and clientType public are required")
	}
	for _, uri := range in.RedirectURIs {
		if !isLoopback(uri) {
			return oauth(http.StatusBadRequest, "InvalidRedirectUriException", "invalid_redirect_uri", "the redirect URI must be on 127.0.0.1")
		}
	}
	id, secret, err := s.client(c.Now)
	if err != nil {
		return broken(err)
	}
	return endpoint.JSON(http.StatusOK, map[string]any{
		"clientId": id, "clientSecret": secret, "clientIdIssuedAt": c.Now.Unix(), "clientSecretExpiresAt": c.Now.Add(registrationLife).Unix(),
	})
}

// knows reports whether the client of a request is registered.
func (s *Service) knows(in request, now time.Time) bool {
	var t token
	return s.Tokens.Open(clientKind, in.ClientSecret, &t) && t.ID == in.ClientID && now.Before(t.Expires)
}

func (s *Service) startDevice(c *endpoint.Call) endpoint.Answer {
	var in request
	if json.Unmarshal(c.Body, &in) != nil {
		return oauth(http.StatusBadRequest, "InvalidRequestException", "invalid_request", "the body is no JSON")
	}
	if !s.knows(in, c.Now) {
		return oauth(http.StatusUnauthorized, "InvalidClientException", "invalid_client", "the client is not registered, or no longer")
	}
	if !sameURL(in.StartURL, s.StartURL) {
		return oauth(http.StatusBadRequest, "InvalidRequestException", "invalid_request", "Invalid start url provided")
	}
	id, err := s.Tokens.Name()
	if err != nil {
		return broken(err)
	}
	code, err := s.Tokens.Make(deviceKind, token{ID: id, Client: in.ClientID, Expires: c.Now.Add(codeLife)})
	if err != nil {
		return broken(err)
	}
	if s.Approves {
		s.approveCode(userCode(id))
	}
	at := s.URL() + "/device"
	return endpoint.JSON(http.StatusOK, map[string]any{
		"deviceCode": code, "userCode": userCode(id), "verificationUri": at, "verificationUriComplete": at + "?user_code=" + userCode(id),
		"expiresIn": int(codeLife.Seconds()), "interval": interval,
	})
}

// sameURL compares start URLs as the service does, which forgives a slash or a
// fragment at the end.
func sameURL(a, b string) bool {
	trim := func(u string) string {
		return strings.TrimRight(strings.TrimSuffix(strings.TrimRight(u, "/"), "#"), "/")
	}
	return trim(a) == trim(b)
}

// userCode is what a person compares: it follows from the id of the device code.
func userCode(id string) string {
	sum := sha256.Sum256([]byte(id))
	const letters = "BCDFGHJKLMNPQRSTVWXZ"
	var b strings.Builder
	for i := range 8 {
		if i == 4 {
			b.WriteByte('-')
		}
		b.WriteByte(letters[int(sum[i])%len(letters)])
	}
	return b.String()
}

// approve is the page that a person opens, and thereby says yes.
func (s *Service) approve(c *endpoint.Call) endpoint.Answer {
	code := c.URL.Query().Get("user_code")
	if code == "" {
		return page("devkms", "Open the address with the code in it: /device?user_code=...")
	}
	s.approveCode(code)
	return page("Request approved", "Code "+code+" is approved. You can close this page.")
}

func (s *Service) approveCode(code string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.approved == nil {
		s.approved = map[string]bool{}
	}
	s.approved[code] = true
}

func page(title, text string) endpoint.Answer {
	body := fmt.Sprintf("<!doctype html><title>%[1]s</title><h1>%[1]s</h1><p>%[2]s</p>\n", html.EscapeString(title), html.EscapeString(text))
	return endpoint.Answer{Status: http.StatusOK, Header: http.Header{"Content-Type": {"text/html; charset=utf-8"}}, Body: []byte(body)}
}

// authorize is the page of a login in a browser, where the person says yes at
// once: it leads back to the program with a code.
func (s *Service) authorize(c *endpoint.Call) endpoint.Answer {
	q := c.URL.Query()
	back := q.Get("redirect_uri")
	if !isLoopback(back) {
		return oauth(http.StatusBadRequest, "InvalidRedirectUriException", "invalid_redirect_uri", "the redirect URI must be on 127.0.0.1")
	}
	if q.Get("response_type") != "code" || q.Get("code_challenge_method") != "S256" || q.Get("code_challenge") == "" || q.Get("client_id") == "" {
		return oauth(http.StatusBadRequest, "InvalidRequestException", "invalid_request", "want response_type code, a client_id, and a code_challenge by S256")
	}
	id, err := s.Tokens.Name()
	if err != nil {
		return broken(err)
	}
	code, err := s.Tokens.Make(codeKind, token{ID: id, Client: q.Get("client_id"), Expires: c.Now.Add(codeLife), Redirect: back, Challenge: q.Get("code_challenge")})
	if err != nil {
		return broken(err)
	}
	to := back + "?" + url.Values{"code": {code}, "state": {q.Get("state")}}.Encode()
	return endpoint.Answer{Status: http.StatusFound, Header: http.Header{"Location": {to}}}
}

func isLoopback(uri string) bool {
	u, err := url.Parse(uri)
	return err == nil && u.Scheme == "http" && (u.Hostname() == "127.0.0.1" || u.Hostname() == "localhost" || u.Hostname() == "::1")
}

func (s *Service) createToken(c *endpoint.Call) endpoint.Answer {
	var in request
	if json.Unmarshal(c.Body, &in) != nil {
		return oauth(http.StatusBadRequest, "InvalidRequestException", "invalid_request", "the body is no JSON")
	}
	if !s.knows(in, c.Now) {
		return oauth(http.StatusUnauthorized, "InvalidClientException", "invalid_client", "the client is not registered, or no longer")
	}
	problem := map[string]func(request, time.Time) *endpoint.Answer{
		deviceGrant: s.byDevice, "refresh_token": s.byRefresh, "authorization_code": s.byCode,
	}[in.GrantType]
	if problem == nil {
		return oauth(http.StatusBadRequest, "UnsupportedGrantTypeException", "unsupported_grant_type", in.GrantType)
	}
	if refusal := problem(in, c.Now); refusal != nil {
		return *refusal
	}
	access, refresh, err := s.tokens(c.Now, in.ClientID)
	if err != nil {
		return broken(err)
	}
	c.Principal = s.User
	return endpoint.JSON(http.StatusOK, map[string]any{
		"accessToken": access, "tokenType": "Bearer", "expiresIn": int(s.Directory.Login.Seconds()), "refreshToken": refresh,
	})
}

// byDevice, byRefresh and byCode check what entitles a client to a token. Each
// entitles it once.
func (s *Service) byDevice(in request, now time.Time) *endpoint.Answer {
	t, refusal := s.granted(deviceKind, in.DeviceCode, in, now)
	if refusal != nil {
		return refusal
	}
	s.mu.Lock()
	approved := s.approved[userCode(t.ID)]
	s.mu.Unlock()
	if !approved {
		return oauthOf(http.StatusBadRequest, "AuthorizationPendingException", "authorization_pending", "")
	}
	return s.once(deviceKind, t)
}

func (s *Service) byRefresh(in request, now time.Time) *endpoint.Answer {
	t, refusal := s.granted(refreshKind, in.RefreshToken, in, now)
	if refusal != nil {
		return oauthOf(http.StatusBadRequest, "InvalidGrantException", "invalid_grant", "Invalid refresh token provided")
	}
	return s.once(refreshKind, t)
}

func (s *Service) byCode(in request, now time.Time) *endpoint.Answer {
	t, refusal := s.granted(codeKind, in.Code, in, now)
	if refusal != nil {
		return refusal
	}
	sum := sha256.Sum256([]byte(in.CodeVerifier))
	if t.Redirect != in.RedirectURI || subtle.ConstantTimeCompare([]byte(base64.RawURLEncoding.EncodeToString(sum[:])), []byte(t.Challenge)) != 1 {
		return oauthOf(http.StatusBadRequest, "InvalidGrantException", "invalid_grant", "the code belongs to another verifier or redirect URI")
	}
	return s.once(codeKind, t)
}

// granted opens what a client shows.
func (s *Service) granted(kind, text string, in request, now time.Time) (token, *endpoint.Answer) {
	var t token
	switch {
	case !s.Tokens.Open(kind, text, &t) || t.Client != in.ClientID:
		return t, oauthOf(http.StatusBadRequest, "InvalidGrantException", "invalid_grant", "it was not given to this client")
	case !now.Before(t.Expires):
		return t, oauthOf(http.StatusBadRequest, "ExpiredTokenException", "expired_token", "")
	}
	return t, nil
}

func (s *Service) once(kind string, t token) *endpoint.Answer {
	if s.spend(kind + t.ID) {
		return nil
	}
	return oauthOf(http.StatusBadRequest, "InvalidGrantException", "invalid_grant", "it was used before")
}

// oauth is a refusal of the token service.
func oauth(status int, code, kind, description string) endpoint.Answer {
	a := endpoint.Refuse(status, code, description, map[string]string{"error": kind, "error_description": description})
	a.Header.Set("X-Amzn-ErrorType", code)
	return a
}

func oauthOf(status int, code, kind, description string) *endpoint.Answer {
	a := oauth(status, code, kind, description)
	return &a
}

func broken(err error) endpoint.Answer {
	return oauth(http.StatusInternalServerError, "InternalServerException", "server_error", err.Error())
}
