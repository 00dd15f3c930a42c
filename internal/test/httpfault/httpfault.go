// Package httpfault makes the doubles of key services fail on purpose. A Switch
// is put around the handler of a double; what is set on it strikes requests
// before the double sees them:
//
//	faults := &httpfault.Switch{Error: writeError}
//	server := httptest.NewServer(faults.Around(handler))
//	faults.Set(httpfault.Fault{Path: "/decrypt/", Mode: httpfault.Hang})
//
// The modes have the names of those of devkms.
package httpfault

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// A Fault makes requests fail. Empty fields match every request.
type Fault struct {
	Path       string // a part of "HOST/PATH" of the request
	Mode       Mode
	Delay      time.Duration // before Slow answers; other modes strike at once
	Times      int           // how many requests it strikes; 0 means all
	RetryAfter string        // the header of that name, for Throttle and Unavailable
}

// A Mode is what a struck request meets.
type Mode string

// The ways in which a request can fail.
const (
	Refuse           Mode = "refuse"             // the connection is reset at once
	Drop             Mode = "drop"               // the connection is closed without an answer
	Hang             Mode = "hang"               // no answer ever comes
	HangAfterHeaders Mode = "hang-after-headers" // status 200 and headers come, the body never
	InternalError    Mode = "500"                // status 500, in the words of the service
	Unavailable      Mode = "503-html"           // status 503 with a page of HTML
	Throttle         Mode = "throttle"           // status 429, in the words of the service
	Reset            Mode = "reset"              // the connection is reset in the middle of the answer
	Garbage          Mode = "garbage"            // status 200 with a page of HTML
	Nonsense         Mode = "nonsense"           // status 200 with JSON that says something else
	Endless          Mode = "endless"            // status 200 with a body that does not end
	Slow             Mode = "slow"               // the right answer, after Delay
)

// Modes lists all modes.
func Modes() []Mode {
	return []Mode{Refuse, Drop, Hang, HangAfterHeaders, InternalError, Unavailable, Throttle, Reset, Garbage, Nonsense, Endless, Slow}
}

// Page is the page of HTML that Unavailable and Garbage answer with.
const Page = "<!DOCTYPE html><html><body>Sign in to the hotel network</body></html>"

// A Switch holds the faults of a server, and its list of requests.
type Switch struct {
	// Error writes an answer with the status in the words of the service.
	Error func(w http.ResponseWriter, status int)

	mu     sync.Mutex
	faults []Fault
	calls  []string
}

// Set adds a fault. Of several that match a request, the oldest strikes.
func (s *Switch) Set(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, f)
}

// Clear removes all faults. Requests that hang go on hanging.
func (s *Switch) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// Calls returns the requests since it was last asked, as "METHOD HOST/PATH".
func (s *Switch) Calls() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls := s.calls
	s.calls = nil
	return calls
}

// Around returns h with the faults of s before it.
func (s *Switch) Around(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch f, struck := s.take(r); {
		case !struck:
			h.ServeHTTP(w, r)
		case f.Mode == Slow:
			select {
			case <-time.After(f.Delay):
				h.ServeHTTP(w, r)
			case <-r.Context().Done():
			}
		default:
			s.strike(w, r, f)
		}
	})
}

func (s *Switch) take(r *http.Request) (Fault, bool) {
	where := r.Host + r.URL.EscapedPath()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, r.Method+" "+where)
	i := slices.IndexFunc(s.faults, func(f Fault) bool { return strings.Contains(where, f.Path) })
	if i < 0 {
		return Fault{}, false
	}
	struck := s.faults[i]
	if struck.Times > 0 {
		if s.faults[i].Times--; s.faults[i].Times == 0 {
			s.faults = slices.Delete(s.faults, i, i+1)
		}
	}
	return struck, true
}

func (s *Switch) strike(w http.ResponseWriter, r *http.Request, f Fault) {
	// The server notices that a client has left only once the body is read.
	_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, 1<<20))
	if f.RetryAfter != "" {
		w.Header().Set("Retry-After", f.RetryAfter)
	}
	switch f.Mode {
	case Refuse:
		cut(w, "", true)
	case Drop:
		cut(w, "", false)
	case Reset:
		cut(w, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{", true)
	case Hang:
		<-r.Context().Done()
	case HangAfterHeaders:
		w.Header().Set("Content-Type", "application/json")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	case Unavailable:
		page(w, http.StatusServiceUnavailable)
	case Garbage:
		page(w, http.StatusOK)
	case Nonsense:
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"moon":"cheese"}`)
	case Endless:
		w.Header().Set("Content-Type", "application/json")
		endless(w, r)
	case Throttle:
		s.Error(w, http.StatusTooManyRequests)
	default:
		s.Error(w, http.StatusInternalServerError)
	}
}

func page(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, Page)
}

func endless(w http.ResponseWriter, r *http.Request) {
	piece := strings.Repeat(" ", 1<<16)
	for r.Context().Err() == nil {
		if _, err := io.WriteString(w, piece); err != nil {
			return
		}
	}
}

// cut ends the connection after some text, with a reset or in the usual way.
func cut(w http.ResponseWriter, text string, reset bool) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(fmt.Sprintf("httpfault: %v", err)) // HTTP/2 was not switched off
	}
	_, _ = io.WriteString(conn, text)
	raw := conn
	if secure, ok := conn.(*tls.Conn); ok {
		raw = secure.NetConn()
	}
	if tcp, ok := raw.(*net.TCPConn); ok && reset {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}
