package azurekv

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/internal/rest"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

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
func tokenError(m *member, err error) error {
	e := &TokenError{Source: m.name, advice: m.advice, Err: err}
	if late := (*rest.LateError)(nil); errors.As(err, &late) {
		e.Err, e.Message, e.advice = late.Err, late.Error(), ""
		return e
	}
	var refused *azidentity.AuthenticationFailedError
	if e.Message = essence(err.Error()); e.Message == "" && errors.As(err, &refused) && refused.RawResponse != nil {
		e.Message = fmt.Sprintf("Entra ID answers with status %d", refused.RawResponse.StatusCode)
	}
	return e
}

// ofLibrary is how the library begins a text: with the name of one of its types.
var ofLibrary = regexp.MustCompile(`^[A-Z]\w*Credential(: | authentication failed\.?\s*)`)

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
	return hint.Short(ofLibrary.ReplaceAllString(text, ""), most)
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
	return &Refusal{
		Host: a.Host, Status: a.Status, Code: hint.Line(out.Error.Code), Inner: hint.Line(out.Error.InnerError.Code),
		Message: hint.Short(out.Error.Message, most), Request: hint.Line(a.Header.Get("X-Ms-Request-Id")),
	}
}

// service is the name of the service for people.
const service = "Azure Key Vault"

// failed adds to an error what was done, as what, and what helps.
func (s *session) failed(err error) error {
	e := &keeper.UseError{Service: service, Key: s.r.String(), Verb: string(s.v), Who: s.who(), Err: hint.Cleaned(err)}
	var r *Refusal
	var c *rest.ConnectionError
	switch {
	case errors.As(err, &r):
		e.Advice = s.adviceOn(r)
	case errors.As(err, &c), errors.As(err, new(*rest.ForeignError)):
		e.Advice = []string{rest.WayHint("vault", "https://"+s.r.host, "HTTPS_PROXY and NO_PROXY")}
	}
	return e
}
