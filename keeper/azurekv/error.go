package azurekv

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

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
	text := fmt.Sprintf("Azure Key Vault key %s: cannot %s the data key: ", e.Key, e.Verb)
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
	return fmt.Sprintf("Azure Key Vault key %s: enc is not base64url: %v", e.Key, e.Err)
}

// Unwrap returns the reason.
func (e *DamagedError) Unwrap() error { return e.Err }

const earlier = "take the entry from an earlier version of the file, such as git log -p -- FILE shows"

// Hints returns where a good one may be.
func (e *DamagedError) Hints() []string { return []string{earlier} }

// A SettingError is a variable that cannot be meant as it is.
type SettingError struct{ Variable, Reason, advice string }

func (e *SettingError) Error() string { return e.Variable + ": " + e.Reason }

// Hints says what to write.
func (e *SettingError) Hints() []string { return []string{e.advice} }

// A NoCredentialsError says what was tried, and why each gave none.
type NoCredentialsError struct{ Tried []string }

func (e *NoCredentialsError) Error() string {
	return fmt.Sprintf("there are no credentials: %s with %s and %s or %s, and %s are not set; %s",
		varTenant, varClient, varSecret, varCert, varToken, strings.Join(e.Tried, "; "))
}

// Hints says how to get some.
func (e *NoCredentialsError) Hints() []string {
	return []string{"log in with: az login", "or set " + varTenant + ", " + varClient + " and " + varSecret}
}

// A TokenError is a token that a member of the chain did not get.
type TokenError struct {
	Source, Message, advice string
	Err                     error
}

func (e *TokenError) Error() string { return e.Source + ": " + e.Message }

// Unwrap returns the reason.
func (e *TokenError) Unwrap() error { return e.Err }

// Hints says how to get one.
func (e *TokenError) Hints() []string {
	if e.advice == "" {
		return nil
	}
	return []string{e.advice}
}

// tokenError says why no token was got, without the pages that the library makes
// of requests and answers.
func tokenError(ctx, inner context.Context, m *member, limit time.Duration, err error) error {
	e := &TokenError{Source: m.name, advice: m.advice, Err: err}
	var refused *azidentity.AuthenticationFailedError
	switch {
	case ctx.Err() != nil:
		e.Err, e.Message, e.advice = errors.Join(ctx.Err(), context.Cause(ctx)), "no answer in time", ""
	case inner.Err() != nil:
		e.Err, e.Message, e.advice = inner.Err(), fmt.Sprintf("no answer within %s", limit), ""
	case errors.As(err, &refused):
		e.Message = essence(refused.Error())
	default:
		e.Message = essence(err.Error())
	}
	return e
}

// essence finds what Entra ID says in a text of the library, AADSTS7000215: ...,
// or else takes its first line.
func essence(text string) string {
	const most = 300
	if at := strings.Index(text, "AADSTS"); at >= 0 {
		text = text[at:]
		for _, end := range []string{`\r`, `\n`, "\r", "\n", ` Trace ID`, `"`} {
			text, _, _ = strings.Cut(text, end)
		}
	}
	text, _, _ = strings.Cut(strings.TrimSpace(text), "\n")
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "..."
	}
	return hint.Line(text)
}

// A Refusal is an answer of the service that is no success.
type Refusal struct {
	Host    string
	Status  int
	Code    string // Forbidden
	Inner   string // closer: ForbiddenByRbac
	Message string // in the words of the service
	Request string
}

func (e *Refusal) Error() string {
	text := e.Code
	if text == "" {
		text = fmt.Sprintf("status %d", e.Status)
	}
	if e.Inner != "" {
		text += " (" + e.Inner + ")"
	}
	if e.Message != "" {
		text += ": " + e.Message
	}
	if e.Request != "" {
		text += " (request " + e.Request + ")"
	}
	return text
}

func refusalOf(a *rest.Answer) error {
	type part struct {
		Code, Message string
		InnerError    struct{ Code string }
	}
	var out struct{ Error part }
	if err := a.Decode(&out); err != nil {
		return err
	}
	if out.Error.Code == "" && out.Error.Message == "" {
		return &rest.ForeignError{Host: a.Host, Status: a.Status}
	}
	const most = 500
	message := strings.Join(strings.Fields(out.Error.Message), " ")
	if len(message) > most {
		message = strings.ToValidUTF8(message[:most], "") + "..."
	}
	return &Refusal{
		Host: a.Host, Status: a.Status, Code: hint.Line(out.Error.Code), Inner: hint.Line(out.Error.InnerError.Code),
		Message: hint.Line(message), Request: hint.Line(a.Header.Get("X-Ms-Request-Id")),
	}
}

// failed adds to an error what was done, as what, and what helps.
func (s *session) failed(err error) error {
	e := &Error{Key: s.r.String(), Verb: string(s.v), Who: s.who(), Err: err}
	var r *Refusal
	var c *rest.ConnectionError
	switch {
	case errors.As(err, &r):
		e.advice = s.adviceOn(r)
	case errors.As(err, &c), errors.As(err, new(*rest.ForeignError)):
		e.advice = []string{fmt.Sprintf("check the way to the vault: curl -sv https://%s; HTTPS_PROXY and NO_PROXY may point elsewhere", hint.ShellWord(s.r.host))}
	}
	return e
}
