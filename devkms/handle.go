package devkms

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// maxBody is above the largest request: a key policy of 128 KiB, escaped.
const maxBody = 1 << 20

// A call is one request on its way through the server.
type call struct {
	server  *Server
	request *http.Request
	body    []byte
	service string // kms or sts
	name    string // of the operation
	region  string
	id      string // of the request
	who     *principal
	now     time.Time
	audit   *Call
}

// ServeHTTP answers one call of either service.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.life.RLock()
	defer s.life.RUnlock()
	select {
	case <-s.done:
		panic(http.ErrAbortHandler)
	default:
	}
	if !fromHere(r) {
		http.Error(w, "devkms serves this machine only", http.StatusForbidden)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, "devkms: the request is too large or was cut off", http.StatusRequestEntityTooLarge)
		return
	}
	if r.Method != http.MethodPost || r.URL.Path != "/" {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprintln(w, "devkms: AWS KMS and STS for development and tests. Calls are POST requests to /.")
		return
	}
	s.handle(w, r, body)
}

// fromHere reports whether the peer is this machine.
func fromHere(r *http.Request) bool {
	ip := net.ParseIP(peer(r))
	return ip != nil && ip.IsLoopback()
}

// peer is the address that the request comes from, without the port.
func peer(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

func (s *Server) handle(w http.ResponseWriter, r *http.Request, body []byte) {
	c := &call{server: s, request: r, body: body, now: s.worldTime(), id: s.requestID()}
	c.identify()
	c.audit = &Call{Time: c.now, Service: c.service, Operation: c.name, Region: c.region, RequestID: c.id, SourceIP: peer(r), UserAgent: r.UserAgent()}
	w.Header().Set("x-amzn-RequestId", c.id)
	w.Header().Set("Date", s.now().UTC().Format(http.TimeFormat))
	if f, ok := s.faults.take(c.faultSubject); ok {
		c.audit.Fault = f.Mode
		if f.Mode != Slow || !c.wait(f.Delay) {
			s.audit.add(*c.audit)
			f.strike(w, c)
			return
		}
	}
	answer, problem := c.answer()
	if problem != nil {
		c.audit.ErrorCode, c.audit.ErrorMessage = problem.code, problem.message
	}
	s.audit.add(*c.audit)
	if c.service == "sts" {
		c.writeXML(w, answer, problem)
		return
	}
	c.writeJSON(w, answer, problem)
}

// identify says which service and operation are called. The region comes
// from the signature's scope, since one address serves all regions.
func (c *call) identify() {
	a, _ := parseAuthorization(c.request.Header.Get("Authorization"))
	c.region = a.region
	if c.region == "" {
		c.region = c.server.world.Regions[0]
	}
	if target := c.request.Header.Get("X-Amz-Target"); target != "" || a.service == "kms" {
		c.service = "kms"
		c.name = strings.TrimPrefix(target, "TrentService.")
		return
	}
	c.service = "sts"
	c.name = formValue(c.body, "Action")
}

func (c *call) answer() (any, *apiError) {
	if c.service == "sts" {
		return c.answerSTS()
	}
	return c.answerKMS()
}

// wait pauses, and reports false if the caller or the server went away.
func (c *call) wait(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-c.request.Context().Done():
	case <-c.server.done:
	}
	return false
}

// requestID invents a UUID.
func (s *Server) requestID() string {
	var b [16]byte
	if _, err := io.ReadFull(s.random, b[:]); err != nil {
		return "00000000-0000-4000-8000-000000000000"
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
