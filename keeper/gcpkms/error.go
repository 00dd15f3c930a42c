package gcpkms

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"golang.org/x/oauth2"

	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/internal/rest"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// A CredentialError is a file of credentials that is none.
type CredentialError struct{ Source, Reason string }

func (e *CredentialError) Error() string { return "the credentials in " + e.Source + ": " + e.Reason }

// Hints says how to get good ones.
func (e *CredentialError) Hints() []string { return []string{logIn} }

const logIn = "log in with: gcloud auth application-default login"

// A NoCredentialsError says where none were found.
type NoCredentialsError struct {
	File string // of gcloud
	Host string // of the metadata server
}

func (e *NoCredentialsError) Error() string {
	text := fmt.Sprintf("there are no credentials: %s, %s and %s are not set", varCredentials, varToken, varDefault)
	if e.File != "" {
		text += ", there is no " + hint.Line(e.File)
	}
	return text + ", and no metadata server at " + hint.Line(e.Host)
}

// Hints says how to get some.
func (e *NoCredentialsError) Hints() []string {
	return []string{logIn, "or set " + varDefault + " to the file of a service account"}
}

// A TokenError is a token that could not be fetched.
type TokenError struct {
	Host, Code, Message string
	kind                string // of the credentials
	Err                 error
}

func (e *TokenError) Error() string {
	text := "no access token"
	if e.Host != "" {
		text += " from " + e.Host
	}
	for _, part := range []string{e.Code, e.Message} {
		if part != "" {
			text += ": " + part
		}
	}
	return text
}

// Unwrap returns the reason.
func (e *TokenError) Unwrap() error { return e.Err }

// Hints says how to get one.
func (e *TokenError) Hints() []string {
	switch {
	case e.Code == "invalid_grant" && e.kind == "service_account":
		return []string{"the key of the service account was deleted, or the clock of this machine is wrong (now: date -u); list its keys with: gcloud iam service-accounts keys list --iam-account EMAIL"}
	case e.Code == "invalid_grant", e.Code == "invalid_rapt":
		return []string{logIn}
	}
	return nil
}

// tokenError says why no token was fetched, without what a library may quote of
// requests and answers.
func tokenError(c *credential, err error) error {
	e := &TokenError{kind: c.kind, Err: err}
	var refused *oauth2.RetrieveError
	var late *rest.LateError
	var connection *rest.ConnectionError
	switch {
	case errors.As(err, &late):
		e.Err, e.Message = late.Err, late.Error()
	case errors.As(err, &refused):
		e.Host, e.Code, e.Message = refused.Response.Request.URL.Host, hint.Line(refused.ErrorCode), hint.Line(refused.ErrorDescription)
		if e.Code == "" {
			e.Code = fmt.Sprintf("status %d", refused.Response.StatusCode)
		}
	case errors.As(err, &connection):
		e.Message = hint.Line(connection.Error())
	default:
		e.Message = firstLine(err.Error())
	}
	return e
}

// refusalOf reads what the service says.
func refusalOf(a *rest.Answer) error {
	var out struct {
		Error struct {
			Message, Status string
			Details         []struct {
				Type             string `json:"@type"`
				Reason           string
				Metadata         map[string]string
				LocalizedMessage string
			}
		}
	}
	if err := a.Decode(&out); err != nil {
		return err
	}
	if out.Error.Status == "" && out.Error.Message == "" {
		return &rest.ForeignError{Host: a.Host, Status: a.Status}
	}
	const most = 500
	r := &Refusal{Host: a.Host, Code: a.Status, Status: hint.Line(out.Error.Status), Message: hint.Short(out.Error.Message, most)}
	for _, d := range out.Error.Details {
		if strings.HasSuffix(d.Type, "/google.rpc.ErrorInfo") {
			r.Reason, r.About = hint.Line(d.Reason), d.Metadata
		}
	}
	return r
}

// stale reports whether the service did not take a token.
func stale(err error) bool {
	r, ok := err.(*Refusal)
	return ok && r.Code == http.StatusUnauthorized
}

// service is the name of the service for people.
const service = "Google Cloud KMS"

// failed adds to an error what was done, as what, and what helps.
func (k *Keeper) failed(n name, v verb, s *session, err error) error {
	e := &keeper.UseError{Service: service, Key: n.key, Verb: string(v), Err: hint.Cleaned(err)}
	if s.cred != nil {
		e.Who = s.cred.who()
	}
	var r *Refusal
	var c *rest.ConnectionError
	switch {
	case errors.As(err, &r):
		e.Advice = adviceOn(r, n, v, s.cred)
	case errors.As(err, &c), errors.As(err, new(*rest.ForeignError)):
		e.Advice = []string{rest.WayHint("service", s.at, "HTTPS_PROXY, NO_PROXY and "+varEndpoint)}
	}
	return e
}
