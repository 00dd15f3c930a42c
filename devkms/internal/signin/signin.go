// Package signin is the sign-in service of AWS as `aws login` meets it: a console
// session becomes credentials, which are renewed by a refresh token that is bound
// to a key of the program (DPoP).
package signin

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/seed-1f7fdfb8/sops/devkms/internal/apierror"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/endpoint"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/opaque"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/sts"
)

// A Service signs one user in.
type Service struct {
	User   string // ARN
	Tokens *opaque.Tokens
	Assign func(time.Time, sts.Assignment) (sts.Credentials, *apierror.Error)
	// IDToken makes the token that names the session.
	IDToken func(now time.Time, client, subject string) (string, error)

	mu    sync.Mutex
	spent map[string]bool
}

const (
	// Life is that of the credentials.
	Life = 15 * time.Minute
	// sessionLife is that of the console session.
	sessionLife = 12 * time.Hour
	codeLife    = 10 * time.Minute

	refreshKind = "signin refresh"
	codeKind    = "signin code"
)

// clients are the programs that may sign in.
var clients = []string{SameDevice, "arn:aws:signin:::devtools/cross-device"}

// SameDevice is the client whose browser is on the same machine.
const SameDevice = "arn:aws:signin:::devtools/same-device"

// A grant is what codes and refresh tokens say.
type grant struct {
	ID        string    `json:"id"`
	Client    string    `json:"c"`
	Expires   time.Time `json:"e"`
	Key       string    `json:"k,omitempty"` // thumbprint of the program's key
	Redirect  string    `json:"r,omitempty"`
	Challenge string    `json:"h,omitempty"`
}

// Name is the service in the audit log and in faults.
func (s *Service) Name() string { return "signin" }

// Operation names the request, "" if it is for another service.
func (s *Service) Operation(r *http.Request) string {
	return map[string]string{"POST /v1/token": "CreateOAuth2Token", "GET /v1/authorize": "AuthorizeOAuth2Access"}[r.Method+" "+r.URL.Path]
}

// Answer answers a request.
func (s *Service) Answer(c *endpoint.Call) endpoint.Answer {
	if c.Operation == "AuthorizeOAuth2Access" {
		return s.authorize(c)
	}
	return s.token(c)
}

// authorize is the page in the browser, where the user says yes at once.
func (s *Service) authorize(c *endpoint.Call) endpoint.Answer {
	q := c.URL.Query()
	back, err := url.Parse(q.Get("redirect_uri"))
	if err != nil || back.Scheme != "http" || back.Hostname() != "127.0.0.1" {
		return invalid("the redirect URI must be on 127.0.0.1")
	}
	if q.Get("response_type") != "code" || q.Get("code_challenge_method") != "SHA-256" || q.Get("code_challenge") == "" || !slices.Contains(clients, q.Get("client_id")) {
		return invalid("want response_type code, a known client_id, and a code_challenge by SHA-256")
	}
	g := grant{Client: q.Get("client_id"), Expires: c.Now.Add(codeLife), Redirect: back.String(), Challenge: q.Get("code_challenge")}
	code, err := s.made(codeKind, g)
	if err != nil {
		return failed(err)
	}
	to := back.String() + "?" + url.Values{"code": {code}, "state": {q.Get("state")}}.Encode()
	return endpoint.Answer{Status: http.StatusFound, Header: http.Header{"Location": {to}}}
}

type request struct {
	ClientID     string `json:"clientId"`
	GrantType    string `json:"grantType"`
	RefreshToken string `json:"refreshToken"`
	Code         string `json:"code"`
	CodeVerifier string `json:"codeVerifier"`
	RedirectURI  string `json:"redirectUri"`
}

func (s *Service) token(c *endpoint.Call) endpoint.Answer {
	var in request
	if json.Unmarshal(c.Body, &in) != nil {
		return invalid("the body is no JSON")
	}
	p, err := readProof(c.Header.Get("Dpop"), "/v1/token")
	if err != nil {
		return invalid("DPoP: " + err.Error())
	}
	if !s.spend("proof " + p.id) {
		return invalid("DPoP: jti was used before")
	}
	kind, text := refreshKind, in.RefreshToken
	switch in.GrantType {
	case "refresh_token":
	case "authorization_code":
		kind, text = codeKind, in.Code
	default:
		return invalid("no grant type " + in.GrantType)
	}
	var g grant
	switch {
	case !s.Tokens.Open(kind, text, &g) || g.Client != in.ClientID:
		return denied("AUTHCODE_EXPIRED", "the grant is not one of ours")
	case !c.Now.Before(g.Expires):
		return denied("TOKEN_EXPIRED", "the session has expired")
	case kind == refreshKind && g.Key != p.thumbprint:
		return invalid("DPoP: the token is bound to another key")
	case kind == codeKind && (g.Redirect != in.RedirectURI || !verifies(in.CodeVerifier, g.Challenge)):
		return invalid("the code belongs to another verifier or redirect URI")
	case !s.spend(kind + g.ID):
		return denied("TOKEN_EXPIRED", "the token was used before")
	}
	return s.answer(c, in.ClientID, p.thumbprint, kind == codeKind)
}

func verifies(verifier, challenge string) bool {
	sum := sha256.Sum256([]byte(verifier))
	return subtle.ConstantTimeCompare([]byte(base64.RawURLEncoding.EncodeToString(sum[:])), []byte(challenge)) == 1
}

func (s *Service) answer(c *endpoint.Call, client, key string, first bool) endpoint.Answer {
	l, err := s.login(c.Now, client, key)
	if err != nil {
		return failed(err)
	}
	c.Principal, c.Account = l.ARN, l.Account
	out := map[string]any{
		"accessToken": map[string]string{"accessKeyId": l.AccessKey, "secretAccessKey": l.Secret, "sessionToken": l.Token},
		"tokenType":   "aws_sigv4", "expiresIn": int(Life.Seconds()), "refreshToken": l.RefreshToken,
	}
	if first {
		if out["idToken"], err = s.IDToken(c.Now, client, s.User); err != nil {
			return failed(err)
		}
	}
	return endpoint.JSON(http.StatusOK, out)
}

// A Login is what a program gets.
type Login struct {
	sts.Credentials
	RefreshToken string
}

// login makes one that is bound to the key with the thumbprint.
func (s *Service) login(now time.Time, client, key string) (Login, error) {
	got, problem := s.Assign(now, sts.Assignment{Owner: s.User, Life: Life})
	if problem != nil {
		return Login{}, problem
	}
	refresh, err := s.made(refreshKind, grant{Client: client, Expires: now.Add(sessionLife), Key: key})
	return Login{got, refresh}, err
}

func (s *Service) made(kind string, g grant) (string, error) {
	var err error
	if g.ID, err = s.Tokens.Name(); err != nil {
		return "", err
	}
	return s.Tokens.Make(kind, g)
}

func (s *Service) spend(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.spent[id] {
		return false
	}
	if s.spent == nil {
		s.spent = map[string]bool{}
	}
	s.spent[id] = true
	return true
}

// Fail says what a fault wants said.
func (s *Service) Fail(_ *endpoint.Call, t endpoint.Trouble) endpoint.Answer {
	switch t {
	case endpoint.Throttled:
		return refuse(http.StatusTooManyRequests, "TooManyRequestsError", "", "devkms fault")
	case endpoint.Denied:
		return denied("INSUFFICIENT_PERMISSIONS", "devkms fault")
	case endpoint.Expired:
		return denied("TOKEN_EXPIRED", "devkms fault")
	}
	return refuse(http.StatusInternalServerError, "InternalServerException", "server_error", "devkms fault")
}

func denied(kind, message string) endpoint.Answer {
	return refuse(http.StatusForbidden, "AccessDeniedException", kind, message)
}

func invalid(message string) endpoint.Answer {
	return refuse(http.StatusBadRequest, "ValidationException", "INVALID_REQUEST", message)
}

func failed(err error) endpoint.Answer {
	return refuse(http.StatusInternalServerError, "InternalServerException", "server_error", err.Error())
}

func refuse(status int, code, kind, message string) endpoint.Answer {
	a := endpoint.Refuse(status, code, message, map[string]string{"error": kind, "message": message})
	a.Header.Set("X-Amzn-ErrorType", code)
	return a
}
