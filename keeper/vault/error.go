package vault

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/internal/rest"
)

// A Cause is why a key could not be used.
type Cause string

// Causes.
const (
	BadName       Cause = "the entry does not name a key"
	BadSettings   Cause = "a setting is wrong"
	NotAllowed    Cause = "the server is not allowed"
	NoToken       Cause = "there is no token"
	TokenRefused  Cause = "the token is not known, or has expired"
	PolicyDenies  Cause = "the policy of the token does not allow it"
	NoMount       Cause = "there is no such mount"
	NoKey         Cause = "there is no such key"
	WrongType     Cause = "the key cannot encrypt data keys"
	TooOld        Cause = "the version of the key is retired"
	WrongKey      Cause = "another key made it, or it is damaged"
	BadCiphertext Cause = "the wrapped key is damaged"
	Throttled     Cause = "too many requests"
	Unavailable   Cause = "the server is sealed or not active"
	Unreachable   Cause = "the server cannot be reached"
	Untrusted     Cause = "the certificate of the server is not trusted"
	WantsTLS      Cause = "the server speaks TLS"
	BadAnswer     Cause = "the answer is not that of Vault"
	Refused       Cause = "the server refuses"
)

// An Error is a key that could not be used.
type Error struct {
	Key    string // its address
	Verb   string // encrypt or decrypt
	Cause  Cause
	Status int    // of the answer, 0 if there was none
	Reason string // in the words of the server, or ours
	Err    error
	call   *call
}

func (e *Error) Error() string {
	text := fmt.Sprintf("Vault key %s: cannot %s the data key: %s", e.Key, e.Verb, e.Reason)
	if e.call.token != nil && (e.Status == http.StatusForbidden || e.Status == http.StatusUnauthorized) {
		text += " (token from " + e.call.token.from + ")"
	}
	return text
}

// Unwrap returns the reason, if that is an error.
func (e *Error) Unwrap() error { return e.Err }

func (c *call) fail(cause Cause, reason string) *Error {
	return &Error{Key: c.key.Identity(), Verb: c.verb, Cause: cause, Reason: reason, call: c}
}

func (c *call) wrap(cause Cause, err error) *Error {
	e := c.fail(cause, hint.Line(err.Error()))
	e.Err = err
	return e
}

// broken is the error of a call without an answer.
func (c *call) broken(err error) *Error {
	cause := Unreachable
	switch {
	case errors.As(err, new(*serverError)):
		cause = NotAllowed
	case rest.SpeaksNoTLS(err):
		cause = WantsTLS
	case rest.IsUntrusted(err):
		cause = Untrusted
	}
	return c.wrap(cause, err)
}

// read reads the data of an answer, or the reasons of a refusal.
func (c *call) read(answer *rest.Answer, data any) error {
	if !answer.OK() {
		return c.refused(answer)
	}
	var out struct {
		Data json.RawMessage `json:"data"`
	}
	if err := answer.Decode(&out); err != nil {
		return c.wrap(BadAnswer, err)
	}
	if len(out.Data) == 0 || string(out.Data) == "null" || json.Unmarshal(out.Data, data) != nil {
		return c.fail(BadAnswer, "the answer of "+clean(answer.Host)+" has no data")
	}
	return nil
}

// refused says why the server does not do it.
func (c *call) refused(answer *rest.Answer) error {
	var out struct {
		Errors   []string `json:"errors"`
		Warnings []string `json:"warnings"`
	}
	err := answer.Decode(&out)
	text := reasons(append(out.Errors, out.Warnings...))
	if err != nil {
		text = clean(string(answer.Body))
		if !strings.Contains(text, "HTTP request to an HTTPS server") {
			e := c.wrap(BadAnswer, err)
			e.Status = answer.Status
			return e
		}
	}
	e := c.fail(causeOf(answer.Status, text), fmt.Sprintf("%d: %s", answer.Status, text))
	if text == "" {
		e.Reason = fmt.Sprintf("%d %s", answer.Status, http.StatusText(answer.Status))
	}
	e.Status = answer.Status
	return e
}

// reasons makes one line of what the server lists, which has lists in lists:
// "1 error occurred:\n\t* permission denied\n\n".
func reasons(all []string) string {
	var out []string
	for _, text := range all {
		if head, list, ok := strings.Cut(text, " occurred:\n\t* "); ok && strings.Contains(head, "error") {
			text = strings.ReplaceAll(list, "\n\t* ", "; ") + policyMark
		}
		out = append(out, clean(text))
	}
	return strings.Join(out, "; ")
}

// policyMark is added to what the server says after it has taken the token:
// then it is the policy that denies.
const policyMark = " by the policy of the token"

func causeOf(status int, text string) Cause {
	for _, known := range []struct {
		status int
		text   string
		cause  Cause
	}{
		{http.StatusForbidden, "permission denied" + policyMark, PolicyDenies},
		{http.StatusForbidden, "", TokenRefused},
		{http.StatusUnauthorized, "", TokenRefused},
		{http.StatusBadRequest, "HTTP request to an HTTPS server", WantsTLS},
		{http.StatusBadRequest, "encryption key not found", NoKey},
		{http.StatusBadRequest, "message authentication failed", WrongKey},
		{http.StatusBadRequest, "decryption error", WrongKey}, // RSA
		{http.StatusBadRequest, "disallowed by policy (too old)", TooOld},
		{http.StatusBadRequest, "not supported for key type", WrongType},
		{http.StatusBadRequest, "key derivation", WrongType},
		{http.StatusBadRequest, "invalid ciphertext", BadCiphertext},
		{http.StatusBadRequest, "illegal base64", BadCiphertext},
		{http.StatusNotFound, "", NoMount},
		{http.StatusTooManyRequests, "", Throttled},
	} {
		if status == known.status && strings.Contains(text, known.text) {
			return known.cause
		}
	}
	if status >= http.StatusInternalServerError || status == http.StatusPreconditionFailed {
		return Unavailable
	}
	return Refused
}

// clean makes one short line of a text of a file or a server that is safe to
// show.
func clean(text string) string {
	const most = 300
	return hint.Short(text, most)
}

// note says a thing once.
func (k *Keeper) note(format string, args ...any) {
	if k.o.Note == nil {
		return
	}
	msg := fmt.Sprintf(format, args...)
	k.mu.Lock()
	said := k.noted[msg]
	k.noted[msg] = true
	k.mu.Unlock()
	if !said {
		k.o.Note(msg)
	}
}
