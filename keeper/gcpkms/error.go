package gcpkms

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/internal/rest"
)

// An Error is a key that could not be used: which, as what, and why.
type Error struct {
	Key  string
	Verb string // encrypt or decrypt
	Who  string // "" if it is not known
	Err  error

	advice []string
}

func (e *Error) Error() string {
	text := fmt.Sprintf("Google Cloud KMS key %s: cannot %s the data key: ", e.Key, e.Verb)
	if e.Who != "" {
		text += "as " + e.Who + ": "
	}
	return text + hint.Clean(e.Err.Error())
}

// Unwrap returns the reason.
func (e *Error) Unwrap() error { return e.Err }

// Hints says what to do.
func (e *Error) Hints() []string { return e.advice }

// A DamagedError is a wrapped key that the service cannot have written.
type DamagedError struct {
	Key string
	Err error
}

func (e *DamagedError) Error() string {
	return fmt.Sprintf("Google Cloud KMS key %s: enc is not base64: %v", e.Key, e.Err)
}

// Unwrap returns the reason.
func (e *DamagedError) Unwrap() error { return e.Err }

const earlier = "take the entry from an earlier version of the file, such as git log -p -- FILE shows"

// Hints returns where a good one may be.
func (e *DamagedError) Hints() []string { return []string{earlier} }

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
func tokenError(ctx, inner context.Context, c *credential, limit time.Duration, err error) error {
	e := &TokenError{kind: c.kind, Err: err}
	var refused *oauth2.RetrieveError
	var connection *rest.ConnectionError
	switch {
	case ctx.Err() != nil:
		e.Err = errors.Join(ctx.Err(), context.Cause(ctx))
		e.Message = "no answer in time"
	case inner.Err() != nil:
		e.Err, e.Message = inner.Err(), fmt.Sprintf("no answer within %s", limit)
	case errors.As(err, &refused):
		e.Host, e.Code, e.Message = refused.Response.Request.URL.Host, hint.Line(refused.ErrorCode), hint.Line(refused.ErrorDescription)
		if e.Code == "" {
			e.Code = fmt.Sprintf("status %d", refused.Response.StatusCode)
		}
	case errors.As(err, &connection):
		e.Message = hint.Line(connection.Error())
	default:
		e.Message = hint.Line(firstLine([]byte(err.Error())))
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
	r := &Refusal{Host: a.Host, Code: a.Status, Status: hint.Line(out.Error.Status), Message: hint.Line(cut(out.Error.Message, most))}
	for _, d := range out.Error.Details {
		if strings.HasSuffix(d.Type, "/google.rpc.ErrorInfo") {
			r.Reason, r.About = hint.Line(d.Reason), d.Metadata
		}
	}
	return r
}

func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "..."
}

// stale reports whether the service did not take a token.
func stale(err error) bool {
	r, ok := err.(*Refusal)
	return ok && r.Code == http.StatusUnauthorized
}

// failed adds to an error what was done, as what, and what helps.
func (k *Keeper) failed(n name, v verb, s *session, err error) error {
	e := &Error{Key: n.key, Verb: string(v), Err: err}
	if s.cred != nil {
		e.Who = s.cred.who()
	}
	var r *Refusal
	var c *rest.ConnectionError
	switch {
	case errors.As(err, &r):
		e.advice = adviceOn(r, n, v, s.cred)
	case errors.As(err, &c), errors.As(err, new(*rest.ForeignError)):
		e.advice = []string{fmt.Sprintf("check the way to the service: curl -sv %s; HTTPS_PROXY, NO_PROXY and %s may point elsewhere", hint.ShellWord(s.at), varEndpoint)}
	}
	return e
}
