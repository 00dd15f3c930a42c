package huaweitest

import (
	"io"
	"net"
	"net/http"
	"strings"
)

// A Fault is what requests meet instead of an answer.
type Fault string

// Faults.
const (
	Refuse      Fault = "refuse"    // the connection is reset at once
	Hang        Fault = "hang"      // no answer ever comes
	Throttle    Fault = "throttle"  // 429, APIGW.0308
	Unavailable Fault = "503"       // 503 in JSON
	Failure     Fault = "500"       // 500 in JSON
	HTML        Fault = "html"      // 200 with a page, as of a captive portal
	HTML503     Fault = "503-html"  // 503 with a page, as of a proxy
	Garbage     Fault = "garbage"   // 200 with bytes that are no JSON
	Empty       Fault = "empty"     // 200 and an empty object
	Endless     Fault = "endless"   // 200 and a body without an end
	OtherKey    Fault = "other-key" // 200, with the id of another key
	Escapes     Fault = "escapes"   // 400 with a text that commands terminals
	Junk        Fault = "junk"      // 200 with a ciphertext and a plaintext that are none
	Redirect    Fault = "redirect"  // 307 to another host
)

// Faults lists all faults.
func Faults() []Fault {
	return []Fault{Refuse, Hang, Throttle, Unavailable, Failure, HTML, HTML503, Garbage, Empty, Endless, OtherKey, Escapes, Junk, Redirect}
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

// page is what proxies answer.
const page = "<!DOCTYPE html><html><head><title>Sign in to the network</title></head></html>\n"

// fixed are the faults that are one answer.
func fixed(f Fault) (status int, body string) {
	switch f {
	case Throttle:
		return http.StatusTooManyRequests, `{"error_code":"APIGW.0308","error_msg":"The throttling threshold has been reached","request_id":"req-0001"}`
	case Unavailable:
		return http.StatusServiceUnavailable, `{"error":{"error_code":"KMS.0303","error_msg":"The service is not there"}}`
	case Failure:
		return http.StatusInternalServerError, `{"error":{"error_code":"KMS.0301","error_msg":"Internal error"}}`
	case HTML:
		return http.StatusOK, page
	case HTML503:
		return http.StatusServiceUnavailable, page
	case Garbage:
		return http.StatusOK, "\x00\x01{\"key_id\":"
	case Empty:
		return http.StatusOK, "{}"
	case OtherKey:
		const length = 200
		return http.StatusOK, `{"key_id":"00000000-0000-4000-8000-000000000000","cipher_text":"` + strings.Repeat("A", length) + `","plain_text":"AAAA"}`
	case Escapes:
		return http.StatusBadRequest, `{"error":{"error_code":"KMS.0205","error_msg":"\u001b[2Jsops: error: gone\u202e"}}`
	case Junk:
		return http.StatusOK, `{"cipher_text":"junk\n\u0000","plain_text":"%%%"}`
	}
	return 0, ""
}

// fail answers with a fault, and reports whether it did.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, f Fault) bool {
	switch f {
	case Refuse:
		reset(w)
		return true
	case Redirect:
		http.Redirect(w, r, "http://other.invalid"+r.URL.Path, http.StatusTemporaryRedirect)
		return true
	case Hang:
		select {
		case <-s.hung:
		case <-r.Context().Done():
		}
		return true
	case Endless:
		chunk := []byte(`{"cipher_text":"` + strings.Repeat("a", 1<<16))
		for r.Context().Err() == nil {
			if _, err := w.Write(chunk); err != nil {
				break
			}
		}
		return true
	}
	status, body := fixed(f)
	if status == 0 {
		panic("huaweitest: no fault is called " + string(f))
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
