// Package sts is AWS STS: its protocol, sessions of roles and users, and web
// identity tokens. A session is in its token, sealed under a key that only the
// service knows, so that sessions need no store.
package sts

import (
	"crypto/cipher"
	"crypto/ecdsa"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"time"

	"github.com/seed-1f7fdfb8/sops/devkms/internal/apierror"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/iam"
)

// A Role is an IAM role.
type Role struct {
	Account, Name, ARN, ID string
	Trust                  *iam.Policy
	Policies               []*iam.Policy
	Boundary               *iam.Policy
	Tags                   map[string]string
	MaxSession             time.Duration
	Origin                 iam.Origin
	Home                   *iam.Account
	ServiceLinked          bool
}

// An AccessKey is a long-lived credential of a user.
type AccessKey struct {
	Owner  *iam.Principal
	Secret string
}

// A World is what exists: which callers there are, and what they may become.
type World struct {
	AccessKeys map[string]AccessKey      // by id
	Users      map[string]*iam.Principal // by ARN; the roots of accounts too
	Roles      map[string]*Role          // by ARN
	Issuers    []Issuer
}

// A Service is STS in all accounts of a world.
type Service struct {
	World
	random     io.Reader
	tokens     cipher.AEAD
	issuerKey  *ecdsa.PrivateKey // signs the web identity tokens that we make
	operations map[string]operation
}

// New returns a service that seals session tokens under the secret, which has
// 32 bytes.
func New(w World, secret []byte, random io.Reader) (*Service, error) {
	tokens, err := newAEAD(secret)
	if err != nil {
		return nil, fmt.Errorf("session tokens: %w", err)
	}
	key, err := newIssuerKey(random)
	if err != nil {
		return nil, fmt.Errorf("key of the issuers: %w", err)
	}
	return &Service{w, random, tokens, key, operations()}, nil
}

// A Call is one request. Of an unsigned operation Who is nil at first: a token
// in the request names the caller.
type Call struct {
	*Service
	iam.Request
	Operation string
	Body      []byte

	// What the call turns out to be about, for the audit log.
	Role     string // ARN
	Decision string
}

// Operations are the names of all operations.
func Operations() []string { return slices.Sorted(maps.Keys(operations())) }

// An operation answers one kind of call. Unsigned ones carry a token that says
// who calls.
type operation struct {
	unsigned bool
	run      func(*Call, url.Values) (any, *apierror.Error)
}

func operations() map[string]operation {
	return map[string]operation{
		"AssumeRole":                {run: (*Call).assumeRole},
		"AssumeRoleWithWebIdentity": {unsigned: true, run: (*Call).assumeRoleWithWebIdentity},
		"GetCallerIdentity":         {run: (*Call).getCallerIdentity},
		"GetSessionToken":           {run: (*Call).getSessionToken},
	}
}

// Unsigned reports whether an operation needs no signature.
func Unsigned(name string) bool { return operations()[name].unsigned }

// Answer does what the call asks for.
func (c *Call) Answer() (any, *apierror.Error) {
	form, err := url.ParseQuery(string(c.Body))
	if err != nil {
		return nil, apierror.Refuse("MalformedInput", "devkms: the body is no form")
	}
	op, known := c.operations[c.Operation]
	if !known {
		return nil, apierror.Refuse("InvalidAction", "Could not find operation %s for version %s", c.Operation, form.Get("Version"))
	}
	return op.run(c, form)
}

// OperationOf returns the operation that a body asks for, or "".
func OperationOf(body []byte) string {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return ""
	}
	return form.Get("Action")
}

func internal(err error) *apierror.Error { return apierror.Internal("InternalFailure", err) }
