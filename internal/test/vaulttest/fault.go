package vaulttest

import (
	"io"
	"net"
	"net/http"
	"strings"
)

// A Fault is what requests meet instead of an answer.
type Fault string

// Faults. A redirect is made with Redirect, below.
const (
	Refuse      Fault = "refuse"    // the connection is reset at once
	Hang        Fault = "hang"      // no answer ever comes
	Throttle    Fault = "throttle"  // 429, a rate limit quota, without Retry-After
	Unavailable Fault = "503"       // 503 in JSON
	Failure     Fault = "500"       // 500 in JSON
	Stale       Fault = "412"       // 412, eventual consistency
	HTML        Fault = "html"      // 200 with a page, as of a captive portal
	HTML503     Fault = "503-html"  // 503 with a page, as of a proxy
	Garbage     Fault = "garbage"   // 200 with bytes that are no JSON
	Null        Fault = "null"      // 200 and data: null
	Endless     Fault = "endless"   // 200 and a body without an end
	WrongKey    Fault = "wrong-key" // 400, another key's ciphertext
	PlainHTTP   Fault = "plain"     // 400, an HTTP request to an HTTPS server
	Escapes     Fault = "escapes"   // 400 with a text that commands terminals
	Junk        Fault = "junk"      // 200 with a ciphertext and a plaintext that are none
)

// redirects begin the faults of Redirect.
const redirects = "redirect "

// Redirect is a 307 to the same path at another address, http://HOST:PORT.
func Redirect(to string) Fault { return redirects + Fault(to) }

// Faults lists all faults but redirects.
func Faults() []Fault {
	return []Fault{Refuse, Hang, Throttle, Unavailable, Failure, Stale, HTML, HTML503, Garbage, Null, Endless, WrongKey, PlainHTTP, Escapes, Junk}
}

// Break makes the next requests meet a fault; times 0 is all of them, and the
// fault "" mends the server.
func (s *Server) Break(f Fault, times int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault, s.times = f, times
	if times == 0 {
		s.times = -1
	}
}

// page is what proxies answer.
const page = "<!DOCTYPE html><html><head><title>Sign in to the network</title></head></html>\n"

// fixed are the faults that are one answer.
func fixed(f Fault) (status int, body string) {
	switch f {
	case Throttle:
		return http.StatusTooManyRequests, `{"errors":["request path \"transit/decrypt/app\": rate limit quota exceeded"]}`
	case Unavailable:
		return http.StatusServiceUnavailable, `{"errors":["local node not active but active cluster node not found"]}`
	case Failure:
		return http.StatusInternalServerError, `{"errors":["internal error"]}`
	case Stale:
		return http.StatusPreconditionFailed, `{"errors":["required index state not present"]}`
	case HTML:
		return http.StatusOK, page
	case HTML503:
		return http.StatusServiceUnavailable, page
	case Garbage:
		return http.StatusOK, "\x00\x01{\"data\":"
	case Null:
		return http.StatusOK, `{"request_id":"1","data":null}`
	case WrongKey:
		return http.StatusBadRequest, `{"errors":["cipher: message authentication failed"]}`
	case PlainHTTP:
		return http.StatusBadRequest, "Client sent an HTTP request to an HTTPS server.\n"
	case Escapes:
		return http.StatusBadRequest, `{"errors":["\u001b[2Jsops: error: gone\u202e"]}`
	case Junk:
		return http.StatusOK, `{"data":{"ciphertext":"junk\n\u0000","plaintext":"%%%"}}`
	}
	return 0, ""
}

// fail answers with a fault, and reports whether it did.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, f Fault) bool {
	if to, ok := strings.CutPrefix(string(f), redirects); ok {
		http.Redirect(w, r, to+r.URL.Path, http.StatusTemporaryRedirect)
		return true
	}
	switch f {
	case Refuse:
		reset(w)
		return true
	case Hang:
		_, _ = io.Copy(io.Discard, r.Body) // so that an end of the connection is seen
		select {
		case <-s.hung:
		case <-r.Context().Done():
		}
		return true
	case Endless:
		chunk := []byte(`{"data":{"ciphertext":"` + strings.Repeat("a", 1<<16))
		for r.Context().Err() == nil {
			if _, err := w.Write(chunk); err != nil {
				break
			}
		}
		return true
	}
	status, body := fixed(f)
	if status == 0 {
		panic("vaulttest: no fault is called " + string(f))
	}
	if strings.HasPrefix(body, "<") {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
	return true
}

// reset ends the connection without an answer.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// strike returns the fault that the next request meets, "" if none.
func (s *Server) strike() Fault {
	if s.fault == "" || s.times == 0 {
		return ""
	}
	if s.times > 0 {
		s.times--
	}
	return s.fault
}
