// Package awscall makes signed calls of services of AWS for which the program
// has no SDK: JSON to those that take it, and plain HTTP.
package awscall

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/internal/rest"
)

// A Caller is the identity that calls are signed as.
type Caller interface {
	Sign(ctx context.Context, r *http.Request, service string, body []byte) error
	Endpoint(ctx context.Context, service, variable string) (at string, configured bool)
	Transport() http.RoundTripper
	String() string
}

// A Service is one service of AWS.
type Service struct {
	Caller   Caller
	Name     string // as in hosts and signatures: secretsmanager
	Variable string // as in AWS_ENDPOINT_URL_SECRETS_MANAGER
	Target   string // of its JSON calls: secretsmanager
	// Scrub makes what the service says fit to be shown.
	Scrub func(message string) string

	rest *rest.Client
}

// New returns s, ready for calls.
func New(s Service) *Service {
	s.rest = &rest.Client{Transport: s.Caller.Transport()}
	if s.Scrub == nil {
		s.Scrub = hint.Line
	}
	return &s
}

// Do makes a signed call as another identity, or as that of the service if c is
// nil. An answer of any status is no error.
func (s *Service) Do(ctx context.Context, c Caller, method, url string, h http.Header, body []byte) (*rest.Answer, error) {
	if c == nil {
		c = s.Caller
	}
	r, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	for name, values := range h {
		r.Header[name] = values
	}
	if err := c.Sign(ctx, r, s.Name, body); err != nil {
		return nil, err
	}
	if body == nil {
		body = []byte{}
	}
	return s.rest.Do(ctx, rest.Call{Method: method, URL: url, Header: r.Header, Raw: body})
}

// A Refusal is what a service says that does not do what it is asked.
type Refusal struct {
	Action  string // secretsmanager:PutSecretValue
	As      string // the identity
	Status  int
	Code    string // AccessDeniedException
	Message string
	Advice  string
}

func (e *Refusal) Error() string {
	text := e.Action + ", as " + e.As + ": "
	if e.Code == "" {
		text += fmt.Sprintf("status %d", e.Status)
	} else {
		text += e.Code
	}
	if e.Message != "" {
		text += ": " + e.Message
	}
	return text
}

// Hints says what helps.
func (e *Refusal) Hints() []string {
	if e.Advice == "" {
		return nil
	}
	return []string{e.Advice}
}

// IsDenied reports whether the identity lacks the permission.
func (e *Refusal) IsDenied() bool { return strings.HasPrefix(e.Code, "AccessDenied") }

// Refused makes a Refusal of an answer, with advice for the usual codes.
func (s *Service) Refused(action string, status int, code, message string) *Refusal {
	e := &Refusal{
		Action: s.Name + ":" + action, As: s.Caller.String(), Status: status,
		Code: hint.Line(code), Message: s.Scrub(message),
	}
	switch {
	case e.IsDenied():
		e.Advice = "allow " + e.Action + " to that identity, or name another with aws_profile or aws_role in the destination rule"
	case code == "RequestTimeTooSkewed" || strings.Contains(message, "Signature expired") || strings.Contains(message, "not yet current"):
		e.Advice = "set the clock of this machine (now: date -u)"
	case code == "ExpiredTokenException" || code == "ExpiredToken" || code == "UnrecognizedClientException" || code == "InvalidClientTokenId" || code == "InvalidAccessKeyId":
		e.Advice = "log in again, then check with: aws sts get-caller-identity"
	case throttles(code):
		e.Advice = "run it again in a moment; what is there already is not written twice"
	}
	return e
}

// Call makes a call of the JSON protocol and reads its answer into out, which is
// nil for an answer that may be empty. The error of a service that refuses is a
// *Refusal.
func (s *Service) Call(ctx context.Context, action string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	at, _ := s.Caller.Endpoint(ctx, s.Name, s.Variable)
	h := http.Header{"Content-Type": {"application/x-amz-json-1.1"}, "X-Amz-Target": {s.Target + "." + action}}
	const most = 6
	for n := 0; ; n++ {
		answer, err := s.Do(ctx, nil, http.MethodPost, at+"/", h, body)
		if err != nil {
			return err
		}
		switch {
		case answer.OK() && out == nil && len(answer.Body) == 0:
			return nil
		case answer.OK() && out == nil:
			return answer.Decode(&struct{}{})
		case answer.OK():
			return answer.Decode(out)
		}
		code, message, err := refusal(answer)
		if err != nil {
			return err
		}
		if throttles(code) && n+1 < most && sleep(ctx, n) {
			continue
		}
		return s.Refused(action, answer.Status, code, message)
	}
}

// refusal reads the JSON of an answer that is no success.
func refusal(a *rest.Answer) (code, message string, err error) {
	var out struct {
		Type    string `json:"__type"`
		Message string // in any case
	}
	if err := a.Decode(&out); err != nil {
		return "", "", err
	}
	code = out.Type
	if code == "" {
		code = a.Header.Get("X-Amzn-Errortype")
	}
	if _, name, ok := strings.Cut(code, "#"); ok {
		code = name
	}
	code, _, _ = strings.Cut(code, ":")
	if code == "" {
		return "", "", &rest.ForeignError{Host: a.Host, Status: a.Status}
	}
	return code, out.Message, nil
}

// throttles reports whether a call may do better a little later.
func throttles(code string) bool {
	switch code {
	case "ThrottlingException", "Throttling", "TooManyUpdates", "TooManyRequestsException", "SlowDown", "RequestLimitExceeded":
		return true
	}
	return false
}

// sleep waits before another try, the longer the more there were, and reports
// whether the time was there.
func sleep(ctx context.Context, n int) bool {
	const first = 250 * time.Millisecond
	t := time.NewTimer(first<<n/2 + time.Duration(rand.Int64N(int64(first<<n))))
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
