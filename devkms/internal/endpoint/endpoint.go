// Package endpoint is what the services have in common whose requests carry no
// signature of AWS: those that give identities to programs.
package endpoint

import (
	"encoding/json"
	"net/http"
	"time"
)

// A Call is one request.
type Call struct {
	*http.Request
	Operation string
	Body      []byte
	Now       time.Time // in the world

	// What the call turns out to be about, for the audit log.
	Principal, Account string // of the caller, or of what it becomes
	Role               string // ARN
}

// An Answer is what a call is answered.
type Answer struct {
	Status        int
	Header        http.Header
	Body          []byte
	Code, Message string // of a refusal
	Silent        bool   // nothing is answered, ever
}

// A Trouble is what a fault makes a service say.
type Trouble int

// The troubles.
const (
	Broken    Trouble = iota // something went wrong in the service
	Throttled                // too many requests
	Denied                   // the caller may not
	Expired                  // what the caller has, or gets, has expired
)

// JSON makes an answer of v.
func JSON(status int, v any) Answer {
	b, err := json.Marshal(v)
	if err != nil {
		return Answer{Status: http.StatusInternalServerError, Code: "InternalServerException", Message: err.Error()}
	}
	return Answer{Status: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: b}
}

// Text makes an answer of plain text.
func Text(status int, text string) Answer {
	return Answer{Status: status, Header: http.Header{"Content-Type": {"text/plain"}}, Body: []byte(text)}
}

// Refuse makes the answer of a refusal: the body says it in the words of the
// service, code and message are for the audit log.
func Refuse(status int, code, message string, body any) Answer {
	a := JSON(status, body)
	a.Code, a.Message = code, message
	return a
}

// Write writes the answer, but for a silent one.
func (a Answer) Write(w http.ResponseWriter) {
	for name, values := range a.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(a.Status)
	if _, err := w.Write(a.Body); err != nil {
		return // the caller has gone
	}
}
