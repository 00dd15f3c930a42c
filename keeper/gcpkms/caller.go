package gcpkms

import (
	"cmp"
	"context"
	"fmt"
	"net/http"

	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/internal/rest"
)

// A Caller calls other services of Google Cloud, with the credentials that keys
// are used with.
type Caller struct{ k *Keeper }

// Caller returns the caller of this run.
func (k *Keeper) Caller() *Caller { return &Caller{k} }

// Host returns where a service is: https://storage.googleapis.com.
func (c *Caller) Host(service string) string {
	return "https://" + service + "." + universe(c.k.o.Env)
}

// Setting returns a variable of the run.
func (c *Caller) Setting(name string) string { return env.Env(c.k.o.Env).Get(name) }

// A Call is a request to another service.
type Call struct {
	Method, URL string
	Header      http.Header
	Body        []byte
	Anonymous   bool // an emulator, which takes no token, is called
}

// An Answer is what it says.
type Answer struct {
	Host   string
	Status int
	Body   []byte
}

// OK reports whether the answer is a success.
func (a *Answer) OK() bool { return a.rest().OK() }

// Decode reads the body as one JSON object.
func (a *Answer) Decode(v any) error { return a.rest().Decode(v) }

func (a *Answer) rest() *rest.Answer {
	return &rest.Answer{Host: a.Host, Status: a.Status, Body: a.Body}
}

// Do makes a call. An access token that the service does not take is fetched
// anew once; an answer of any other status is no error.
func (c *Caller) Do(ctx context.Context, call Call) (*Answer, error) {
	for n := 1; ; n++ {
		h := call.Header.Clone()
		if h == nil {
			h = http.Header{}
		}
		var cred *credential
		var t rest.Token
		if !call.Anonymous {
			var err error
			if cred, t, err = c.authorize(ctx, h); err != nil {
				return nil, err
			}
		}
		answer, err := c.k.rest.Do(ctx, rest.Call{Method: call.Method, URL: call.URL, Header: h, Raw: call.Body})
		if err != nil {
			return nil, err
		}
		if answer.Status == http.StatusUnauthorized && n == 1 && c.k.login.forget(ctx, cred, t) {
			continue
		}
		return &Answer{answer.Host, answer.Status, answer.Body}, nil
	}
}

// authorize adds a token to the header of a call, and which project pays.
func (c *Caller) authorize(ctx context.Context, h http.Header) (*credential, rest.Token, error) {
	cred, err := c.k.login.credential(ctx)
	if err == nil {
		err = cred.fits(c.k.o.Env)
	}
	if err != nil {
		return nil, rest.Token{}, err
	}
	t, err := c.k.login.token(ctx, cred)
	if err != nil {
		return nil, rest.Token{}, err
	}
	h.Set("Authorization", "Bearer "+t.Secret)
	if p := cred.quota.project; p != "" {
		h.Set("X-Goog-User-Project", p)
	}
	return cred, t, nil
}

// Refused makes an error of an answer that is no success. The permission is what
// the call needs.
func (c *Caller) Refused(ctx context.Context, a *Answer, permission string) error {
	err := refusalOf(a.rest())
	r, ok := err.(*Refusal)
	if !ok {
		return err
	}
	e := &CallError{Err: err}
	cred, err := c.k.login.credential(ctx)
	if err != nil {
		return e // an emulator takes calls without credentials
	}
	e.Who = cred.who()
	switch {
	case a.Status == http.StatusUnauthorized && cred.fixed:
		e.advice = "the token is wrong or too old; make a new one with: export " + varToken + "=$(gcloud auth print-access-token)"
	case a.Status == http.StatusUnauthorized:
		e.advice = logIn
	case a.Status == http.StatusForbidden && r.Reason == "":
		e.advice = fmt.Sprintf("give %s a role with the permission %s", cmp.Or(cred.account, "the identity"), permission)
	case a.Status == http.StatusTooManyRequests:
		e.advice = "run it again in a moment"
	}
	return e
}

// A CallError is a call that a service refuses.
type CallError struct {
	Who    string // "" if it is not known
	Err    error
	advice string
}

func (e *CallError) Error() string {
	text := ""
	if e.Who != "" {
		text = "as " + e.Who + ": "
	}
	return text + hint.Clean(e.Err.Error())
}

// Unwrap returns the refusal.
func (e *CallError) Unwrap() error { return e.Err }

// Hints says what helps.
func (e *CallError) Hints() []string {
	if e.advice == "" {
		return nil
	}
	return []string{e.advice}
}
