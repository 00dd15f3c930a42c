// Package sso is IAM Identity Center as programs meet it: the token service that
// they log in to, by a device code or in a browser, and the portal that gives the
// credentials of permission sets to those who are logged in. Every token says in
// itself what it is worth; only what may be used once is remembered.
package sso

import (
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/seed-1f7fdfb8/sops/devkms/internal/apierror"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/endpoint"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/opaque"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/sts"
)

// An Assigned is a permission set that a user has in an account.
type Assigned struct {
	Account, Name string // of the permission set
	Role          string // ARN of its role in the account
	Life          time.Duration
}

// A Directory is one instance of IAM Identity Center and its only user.
type Directory struct {
	StartURL string
	User     string
	Assigned []Assigned
	Login    time.Duration // how long a login lasts
	Approves bool          // device codes are approved as soon as they are made
}

// A Service is the portal and the token service.
type Service struct {
	Directory
	Tokens *opaque.Tokens
	URL    func() string // of the server
	Assign func(time.Time, sts.Assignment) (sts.Credentials, *apierror.Error)

	mu       sync.Mutex
	approved map[string]bool // user codes
	spent    map[string]bool // ids of tokens and codes that may be used once
}

// A token is what every token and code of the service says.
type token struct {
	ID      string    `json:"id"`
	Client  string    `json:"c,omitempty"`
	Expires time.Time `json:"e"`
	// Of an authorization code: where it goes, and what its verifier hashes to.
	Redirect  string `json:"r,omitempty"`
	Challenge string `json:"h,omitempty"`
}

// Kinds of tokens.
const (
	accessKind  = "sso access"
	refreshKind = "sso refresh"
	clientKind  = "sso client"
	deviceKind  = "sso device"
	codeKind    = "sso code"
)

// operations are the requests by method and path.
var operations = map[string]string{
	"GET /federation/credentials": "GetRoleCredentials",
	"GET /assignment/accounts":    "ListAccounts",
	"GET /assignment/roles":       "ListAccountRoles",
	"POST /logout":                "Logout",
	"POST /client/register":       "RegisterClient",
	"POST /device_authorization":  "StartDeviceAuthorization",
	"POST /token":                 "CreateToken",
	"GET /authorize":              "Authorize",
	"GET /device":                 "ApproveDevice",
}

// Name is the service in the audit log and in faults.
func (s *Service) Name() string { return "sso" }

// Operation names the request, "" if it is for another service.
func (s *Service) Operation(r *http.Request) string { return operations[r.Method+" "+r.URL.Path] }

// Answer answers a request.
func (s *Service) Answer(c *endpoint.Call) endpoint.Answer {
	switch c.Operation {
	case "RegisterClient":
		return s.register(c)
	case "StartDeviceAuthorization":
		return s.startDevice(c)
	case "CreateToken":
		return s.createToken(c)
	case "Authorize":
		return s.authorize(c)
	case "ApproveDevice":
		return s.approve(c)
	}
	return s.portal(c)
}

// A Login is what a program keeps of a login, as it lies in the cache of AWS's
// tools.
type Login struct {
	AccessToken, RefreshToken string
	Expires                   time.Time
	ClientID, ClientSecret    string
	RegistrationExpires       time.Time
}

// registrationLife is how long AWS keeps a registered client.
const registrationLife = 90 * 24 * time.Hour

// Login logs the user in, without a person.
func (s *Service) Login(now time.Time) (Login, error) {
	l := Login{Expires: now.Add(s.Directory.Login), RegistrationExpires: now.Add(registrationLife)}
	var err error
	if l.ClientID, l.ClientSecret, err = s.client(now); err != nil {
		return l, err
	}
	l.AccessToken, l.RefreshToken, err = s.tokens(now, l.ClientID)
	return l, err
}

// tokens makes an access token, and the refresh token that renews it once.
func (s *Service) tokens(now time.Time, client string) (access, refresh string, err error) {
	id, err := s.Tokens.Name()
	if err != nil {
		return "", "", err
	}
	if access, err = s.Tokens.Make(accessKind, token{ID: id, Client: client, Expires: now.Add(s.Directory.Login)}); err != nil {
		return "", "", err
	}
	refresh, err = s.Tokens.Make(refreshKind, token{ID: id, Client: client, Expires: now.Add(registrationLife)})
	return access, refresh, err
}

// client makes the id and the secret of a registered client.
func (s *Service) client(now time.Time) (id, secret string, err error) {
	if id, err = s.Tokens.Name(); err != nil {
		return "", "", err
	}
	secret, err = s.Tokens.Make(clientKind, token{ID: id, Expires: now.Add(registrationLife)})
	return id, secret, err
}

// spend reports whether an id is used for the first time.
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

func (s *Service) isSpent(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.spent[id]
}

func (d *Directory) assigned(account, set string) (Assigned, bool) {
	i := slices.IndexFunc(d.Assigned, func(a Assigned) bool { return a.Account == account && a.Name == set })
	if i < 0 {
		return Assigned{}, false
	}
	return d.Assigned[i], true
}

// Fail says what a fault wants said.
func (s *Service) Fail(c *endpoint.Call, t endpoint.Trouble) endpoint.Answer {
	if isPortal(c.Operation) {
		switch t {
		case endpoint.Throttled:
			return refuse(http.StatusTooManyRequests, "TooManyRequestsException", "HTTP 429 Unknown Code")
		case endpoint.Denied:
			return refuse(http.StatusForbidden, "ForbiddenException", "No access")
		case endpoint.Expired:
			return refuse(http.StatusUnauthorized, "UnauthorizedException", "Session token not found or invalid")
		}
		return refuse(http.StatusInternalServerError, "InternalServerException", "devkms fault")
	}
	switch t {
	case endpoint.Throttled:
		return oauth(http.StatusBadRequest, "SlowDownException", "slow_down", "devkms fault")
	case endpoint.Denied:
		return oauth(http.StatusForbidden, "AccessDeniedException", "access_denied", "devkms fault")
	case endpoint.Expired:
		return oauth(http.StatusBadRequest, "InvalidGrantException", "invalid_grant", "Invalid refresh token provided")
	}
	return oauth(http.StatusInternalServerError, "InternalServerException", "server_error", "devkms fault")
}
