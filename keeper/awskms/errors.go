package awskms

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"

	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/awskey"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/internal/identity"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/internal/process"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/internal/session"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/internal/userfiles"
)

// An Error is a key that no identity could use, with every attempt.
type Error struct {
	ARN      string
	Verb     string // encrypt or decrypt
	Attempts []*Attempt
}

func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "AWS KMS key %s: cannot %s the data key", hint.Line(e.ARN), e.Verb)
	for _, a := range e.Attempts {
		if len(e.Attempts) == 1 {
			return b.String() + ": " + a.Error()
		}
		b.WriteString("\n  " + a.Error())
	}
	return b.String()
}

// Unwrap returns the attempts.
func (e *Error) Unwrap() []error {
	all := make([]error, len(e.Attempts))
	for i, a := range e.Attempts {
		all[i] = a
	}
	return all
}

// Hints returns what would help, each thing once.
func (e *Error) Hints() []string {
	var all []string
	for _, a := range e.Attempts {
		if a.Hint != "" && !slices.Contains(all, a.Hint) {
			all = append(all, a.Hint)
		}
	}
	return all
}

// An Attempt is one identity that was tried for a key: how far it came, and
// what stopped it.
type Attempt struct {
	Origin  string    `json:"origin"`            // who proposed the identity
	Profile string    `json:"profile,omitempty"` // "" for the ambient credentials
	Role    string    `json:"role,omitempty"`
	Region  string    `json:"region"`
	Caller  string    `json:"caller,omitempty"`  // its ARN, if it became known
	Source  string    `json:"source,omitempty"`  // of the credentials
	Expires time.Time `json:"expires,omitzero"`  // of the credentials
	Call    string    `json:"call"`              // what was called last
	URL     string    `json:"url,omitempty"`     // and where
	Code    string    `json:"code,omitempty"`    // AWS's error code
	Request string    `json:"request,omitempty"` // AWS's request id
	Message string    `json:"message,omitempty"`
	Cause   Cause     `json:"cause,omitempty"`
	Hint    string    `json:"hint,omitempty"`
	Steps   []Step    `json:"steps"`
	Err     error     `json:"-"`
	id      identity.Identity
	arn     awskey.ARN
	context map[string]string
	limit   session.Overdue // its own, if that was reached
}

func newAttempt(id identity.Identity, j job) *Attempt {
	return &Attempt{
		Origin: string(id.Origin), Profile: id.Profile, Role: id.Role(), Region: j.arn.Region, Call: "profile",
		id: id, arn: j.arn, context: j.context,
	}
}

// Error returns the identity, the call that failed, and what AWS answered.
func (a *Attempt) Error() string {
	text := "as " + a.who() + ": " + a.Call
	for _, part := range []string{a.Code, a.Message} {
		if part != "" {
			text += ": " + part
		}
	}
	if a.Request != "" {
		text += " (request " + a.Request + ")"
	}
	return text
}

// Unwrap returns what stopped the attempt.
func (a *Attempt) Unwrap() error { return a.Err }

// barren reports whether the attempt ended before its profile, or the machine,
// had given any credentials.
func (a *Attempt) barren() bool {
	return a.Err != nil && (a.Call == "profile" || !slices.ContainsFunc(a.Steps, func(s Step) bool { return s.OK && s.Name != "profile" }))
}

// who returns the identity, its origin and its ARN, as far as they are known.
func (a *Attempt) who() string {
	text := a.id.String() + a.id.Origin.Phrase()
	if a.Caller != "" {
		text += ", " + a.Caller
	}
	return text
}

// A Step is one thing that an attempt did.
type Step struct {
	Name   string        `json:"name"`
	OK     bool          `json:"ok"`
	Detail string        `json:"detail,omitempty"`
	Hint   string        `json:"hint,omitempty"`
	Took   time.Duration `json:"took_ns"`
}

func (a *Attempt) step(name string, took time.Duration, err error) *Step {
	a.Steps = append(a.Steps, Step{Name: name, OK: err == nil, Took: took})
	return &a.Steps[len(a.Steps)-1]
}

// took notes the credentials that the last step gave.
func (a *Attempt) took(c aws.Credentials) {
	detail := hint.Line(c.Source)
	if strings.HasPrefix(c.Source, "arn:") {
		a.Caller = hint.Line(c.Source)
	} else {
		a.Source = c.Source
	}
	if c.CanExpire {
		a.Expires = c.Expires
		detail += ", good until " + c.Expires.UTC().Format(time.RFC3339)
	}
	a.Steps[len(a.Steps)-1].Detail = detail
}

// failed notes why the attempt ended.
func (a *Attempt) failed(e env.Env, s *session.Session, err error) *Attempt {
	a.Err = err
	a.Code, a.Message = describe(err)
	a.Cause = causeOf(a, e, s, err)
	switch {
	case a.Cause == NoProfile:
		a.Message = "there is no profile " + hint.Line(cmp.Or(a.Profile, userfiles.AskedProfile(e))) + " on this machine"
	case s != nil && s.Sources[0].Budget > 0 && a.Call == "credentials":
		a.Message = a.withoutMetadata(err)
	case errors.As(err, &a.limit):
		a.Message = fmt.Sprintf("no answer from %s within %s", a.asked(s), time.Duration(a.limit))
	case expired(err):
		a.Message = "no answer from " + a.asked(s) + " in time"
	}
	var response *awshttp.ResponseError
	if errors.As(err, &response) {
		a.Request = hint.Line(response.ServiceRequestID())
	}
	a.Caller = cmp.Or(a.Caller, callerIn(a.Message))
	a.Hint = advise(a, e, s)
	step := &a.Steps[len(a.Steps)-1]
	step.Detail, step.Hint = a.Message, a.Hint
	return a
}

func (a *Attempt) where() string {
	if a.URL != "" {
		return a.URL
	}
	return a.id.String()
}

// asked says what was asked last: a URL, or what gives the credentials.
func (a *Attempt) asked(s *session.Session) string {
	if a.URL == "" && a.Call == "credentials" && s != nil {
		return hint.Line(s.Profile.Origin())
	}
	return a.where()
}

// callerIn returns who AWS says the caller was, or "".
func callerIn(message string) string {
	who, _, denied := strings.Cut(message, " is not authorized")
	who, named := strings.CutPrefix(who, "User: ")
	if !denied || !named {
		return ""
	}
	return who
}

// cut reports whether the connection broke under the answer.
func cut(err error) bool {
	var broken *net.OpError
	return errors.As(err, &broken) || errors.Is(err, io.ErrUnexpectedEOF)
}

// describe returns AWS's code and the words of the innermost error that says
// something, without the layers of the SDK.
func describe(err error) (code, message string) {
	var failed *process.Error
	var api smithy.APIError
	var transport *url.Error
	var unreadable *smithy.DeserializationError
	switch {
	case errors.As(err, &failed):
		return "", failed.Error()
	case errors.As(err, &api):
		return hint.Line(api.ErrorCode()), hint.Line(api.ErrorMessage())
	case errors.As(err, &unreadable) && !errors.As(err, &transport) && !cut(err):
		return "", "what answered is not AWS: a proxy, or the page of a network to log in to?"
	case errors.As(err, &transport):
		if u, err := url.Parse(transport.URL); err != nil || u.Host == "" {
			return "", hint.Line(transport.Err.Error()) // a password in what is no URL is not known as one
		}
		return "", hint.Line(transport.Error())
	}
	if strings.Contains(err.Error(), "failed to resolve service endpoint") { // the rest has the URL, perhaps with a password
		return "", "the URL of the endpoint is not valid: AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_KMS, AWS_ENDPOINT_URL_STS, or endpoint_url of the profile"
	}
	return "", hint.Clean(strings.TrimPrefix(err.Error(), "failed to refresh cached credentials, "))
}

// A UsageError is a flag, a variable or a line of the user's map that cannot
// be meant as it is.
type UsageError struct {
	Where  string // --aws-role, SOPS_AWS_ROLE, .../aws.yaml: line 3
	Reason string
	Hint   string
}

func (e *UsageError) Error() string { return e.Where + ": " + e.Reason }

// Hints returns what to write instead.
func (e *UsageError) Hints() []string {
	if e.Hint == "" {
		return nil
	}
	return []string{e.Hint}
}

// usage returns a mistake in the settings as a type of this package.
func usage(err error) error {
	if wrong := (*userfiles.Error)(nil); errors.As(err, &wrong) {
		return &UsageError{Where: wrong.Where, Reason: wrong.Reason, Hint: wrong.Hint}
	}
	return err
}
