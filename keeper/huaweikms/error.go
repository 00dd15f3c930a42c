package huaweikms

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/internal/rest"
)

// A Cause is why a key could not be used.
type Cause string

// Causes.
const (
	BadName       Cause = "the entry does not name a key"
	BadSettings   Cause = "a setting is wrong"
	NoCredentials Cause = "there are no credentials"
	NoProject     Cause = "the project is not known"
	KeyRefused    Cause = "the access key or its signature is refused"
	Skewed        Cause = "the clock of this machine is wrong"
	Denied        Cause = "the caller may not use the key"
	NotFound      Cause = "there is no such key"
	Disabled      Cause = "the key is disabled"
	Deleted       Cause = "the key is to be deleted"
	BadCiphertext Cause = "the wrapped key is damaged, or another key made it"
	Throttled     Cause = "too many requests"
	Unavailable   Cause = "the service fails"
	Unreachable   Cause = "the service cannot be reached"
	BadAnswer     Cause = "the answer is not that of Huawei Cloud"
	Refused       Cause = "the service refuses"
)

// An Error is a key that could not be used.
type Error struct {
	Key     string // REGION:UUID
	Verb    string // encrypt or decrypt
	Cause   Cause
	Status  int    // of the answer, 0 if there was none
	Code    string // of Huawei Cloud
	Request string // id of the request there
	Reason  string // in the words of the service, or ours
	Err     error
	use     *use
}

func (e *Error) Error() string {
	text := fmt.Sprintf("Huawei Cloud KMS key %s: cannot %s the data key: ", e.Key, e.Verb)
	if e.Code != "" {
		text += e.Code + ": "
	}
	text += e.Reason
	if by := e.use.by; by != nil && (e.Cause == KeyRefused || e.Cause == Denied) {
		text += fmt.Sprintf(" (access key %s from %s)", clean(by.access), by.from)
	}
	if e.Request != "" {
		text += " (request " + e.Request + ")"
	}
	return text
}

// Unwrap returns the reason, if that is an error.
func (e *Error) Unwrap() error { return e.Err }

func (u *use) fail(cause Cause, reason string) *Error {
	return &Error{Key: u.key.Identity(), Verb: u.verb(), Cause: cause, Reason: reason, use: u}
}

func (u *use) wrap(cause Cause, err error) *Error {
	e := u.fail(cause, hint.Line(err.Error()))
	e.Err = err
	return e
}

func (u *use) broken(err error) *Error { return u.wrap(Unreachable, err) }

// A failure is what the services say of what they do not do, in one of the
// shapes that they have.
type failure struct {
	Code    string `json:"error_code"`
	Message string `json:"error_msg"`
	Code2   string `json:"code"`
	Text2   string `json:"message"`
	Request string `json:"request_id"`
}

func (f failure) code() string    { return cmp.Or(f.Code, f.Code2) }
func (f failure) message() string { return cmp.Or(f.Message, f.Text2) }

// read reads an answer, or the reason of a refusal.
func (u *use) read(got *rest.Answer, out any, now time.Time) error {
	if got.OK() {
		if err := got.Decode(out); err != nil {
			return u.wrap(BadAnswer, err)
		}
		return nil
	}
	var body struct {
		failure
		Inner json.RawMessage `json:"error"`
	}
	err := got.Decode(&body)
	f := body.failure
	if inner := new(failure); json.Unmarshal(body.Inner, inner) == nil && inner.code() != "" {
		f.Code, f.Message = inner.code(), inner.message()
	}
	if err != nil || f.code() == "" && f.message() == "" {
		if err == nil {
			err = &rest.ForeignError{Host: got.Host, Status: got.Status}
		}
		e := u.wrap(BadAnswer, err)
		e.Status = got.Status
		return e
	}
	e := u.fail(causeOf(got.Status, f.code()), clean(cmp.Or(f.message(), http.StatusText(got.Status))))
	e.Status, e.Code, e.Request = got.Status, clean(f.code()), clean(cmp.Or(got.Header.Get("X-Request-Id"), f.Request))
	if at, err := http.ParseTime(got.Header.Get("Date")); err == nil && e.Cause == KeyRefused && now.Sub(at).Abs() > tolerance {
		e.Cause = Skewed
	}
	return e
}

// tolerance is a little less than what the gateway puts up with.
const tolerance = 14 * time.Minute

func causeOf(status int, code string) Cause {
	switch code {
	case "APIGW.0301":
		return KeyRefused
	case "APIGW.0302", "APIGW.0303", "APIGW.0305":
		return Denied
	case "APIGW.0308":
		return Throttled
	case "KMS.0209":
		return Disabled
	case "KMS.0210":
		return Deleted
	}
	switch {
	case status == http.StatusUnauthorized:
		return KeyRefused
	case status == http.StatusForbidden:
		return Denied
	case status == http.StatusNotFound:
		return NotFound
	case status == http.StatusTooManyRequests:
		return Throttled
	case status >= http.StatusInternalServerError:
		return Unavailable
	case status == http.StatusBadRequest && (code == "KMS.0205" || code == "KMS.0208"):
		return BadCiphertext
	}
	return Refused
}

// Hints says what helps.
func (e *Error) Hints() []string {
	switch e.Cause {
	case NoCredentials:
		if !errors.As(e.Err, new(*NoCredentialsError)) {
			return nil
		}
		return []string{"set " + varAK + " and " + varSK + ", or write ak and sk into [basic] of ~/.huaweicloud/credentials"}
	case NoProject:
		return []string{"set " + varProject + " to the id of the project, which the console shows under My Credentials"}
	case KeyRefused:
		return []string{"check the access key: " + varAK + ", " + varSK + ", and for temporary ones " + varSecurity + " too"}
	case Skewed:
		return []string{"set the clock of this machine: Huawei Cloud refuses signatures that are more than 15 minutes off (now: date -u)"}
	case Denied:
		return []string{fmt.Sprintf("the caller needs the action kms:cmk:%sData on the key, in the project %s", e.Verb, e.use.project)}
	case NotFound:
		return []string{"check the region, the id of the key and the project: the console shows them under Data Encryption Workshop"}
	case Disabled:
		return []string{"enable the key in the console: Data Encryption Workshop, Key Management Service"}
	case Deleted:
		return []string{"cancel the deletion of the key in the console, and enable it: Data Encryption Workshop, Key Management Service"}
	case BadCiphertext:
		if e.Verb == "encrypt" {
			return nil
		}
		return []string{"take the entry from an earlier version of the file: git log -p -- FILE"}
	case Throttled:
		return []string{"run it again in a moment"}
	case Unreachable, BadAnswer, Unavailable:
		return e.use.wayHint()
	}
	return nil
}

func (u *use) wayHint() []string {
	if u.url == "" {
		return nil
	}
	host, _, _ := strings.Cut(strings.TrimPrefix(u.url, "https://"), "/v1.0/")
	return []string{rest.WayHint("service", host, "HTTPS_PROXY and NO_PROXY")}
}

// clean makes one short line of a text of a file or a server that is safe to
// show.
func clean(text string) string {
	const most = 300
	return hint.Short(text, most)
}
