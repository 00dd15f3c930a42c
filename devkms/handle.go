package devkms

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/seed-1f7fdfb8/sops/devkms/internal/apierror"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/endpoint"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/iam"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/kms"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/sigv4"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/sts"
)

// maxBody is above the largest request: a key policy of 128 KiB, escaped.
const maxBody = 1 << 20

// A call is one request on its way through the server.
type call struct {
	server  *Server
	request *http.Request
	body    []byte
	service string // kms, sts or the name of one without signatures
	name    string // of the operation
	region  string
	id      string // of the request
	now     time.Time
	audit   *Call

	unsigned service // of calls without a signature
	in       *endpoint.Call
}

// ServeHTTP answers one call of any service. It is a proxy too, for programs
// that ask at addresses which no variable moves: whatever the host, the path
// says which service is meant.
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
	if r.Method == http.MethodConnect && s.URL() != "" {
		s.tunnel.Connect(w, r)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, "devkms: the request is too large or was cut off", http.StatusRequestEntityTooLarge)
		return
	}
	if to, operation := s.serviceOf(r); to != nil {
		s.serve(w, r, body, to, operation)
		return
	}
	if r.Method != http.MethodPost || r.URL.Path != "/" {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprintln(w, "devkms: AWS KMS, STS and the identities of this world, for development and tests. Nothing is at this address.")
		return
	}
	s.handle(w, r, body)
}

// fromHere reports whether the caller is on this machine.
func fromHere(r *http.Request) bool {
	ip := net.ParseIP(remote(r))
	return ip != nil && ip.IsLoopback()
}

// remote is the address that the request comes from, without the port.
func remote(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

func (s *Server) handle(w http.ResponseWriter, r *http.Request, body []byte) {
	c := &call{server: s, request: r, body: body, now: s.worldTime(), id: s.requestID()}
	c.identify()
	c.audit = &Call{Time: c.now, Service: c.service, Operation: c.name, Region: c.region, RequestID: c.id, SourceIP: remote(r), UserAgent: r.UserAgent()}
	w.Header().Set("x-amzn-RequestId", c.id)
	w.Header().Set("Date", s.now().UTC().Format(http.TimeFormat))
	if s.struck(w, c) {
		return
	}
	answer, problem := c.answer()
	if problem != nil {
		c.audit.ErrorCode, c.audit.ErrorMessage = problem.Code, problem.Message
	}
	s.audit.add(*c.audit)
	c.write(w, answer, problem)
}

// struck gives the call a fault instead of an answer, if one is meant for it.
func (s *Server) struck(w http.ResponseWriter, c *call) bool {
	f, ok := s.faults.take(c.faultSubject)
	if !ok {
		return false
	}
	c.audit.Fault = f.Mode
	if f.Mode == Slow && c.wait(f.Delay) {
		return false
	}
	s.audit.add(*c.audit)
	f.answer(w, c)
	return true
}

func (c *call) write(w http.ResponseWriter, answer any, problem *apierror.Error) {
	if c.service == "sts" {
		sts.Write(w, c.name, c.id, answer, problem)
		return
	}
	kms.Write(w, answer, problem)
}

// identify says which service and operation are called. The region comes
// from the signature's scope, since one address serves all regions.
func (c *call) identify() {
	a, _ := sigv4.Parse(c.request.Header.Get("Authorization"))
	c.region = a.Region
	if c.region == "" {
		c.region = c.server.world.Regions[0]
	}
	if target := c.request.Header.Get("X-Amz-Target"); target != "" || a.Service == "kms" {
		c.service = "kms"
		c.name = strings.TrimPrefix(target, "TrentService.")
		return
	}
	c.service = "sts"
	c.name = sts.OperationOf(c.body)
}

func (c *call) answer() (any, *apierror.Error) {
	var who *iam.Principal
	if c.service != "sts" || !sts.Unsigned(c.name) {
		problem := c.server.verifier.Verify(c.request, c.service, c.body, func(accessKey, token string) (secret string, err error) {
			who, secret, err = c.server.sts.Credential(accessKey, token, c.now)
			return secret, err
		})
		if problem != nil {
			return nil, problem
		}
		c.enter(who)
	}
	rq := iam.Request{Who: who, Now: c.now, Region: c.region, SourceIP: remote(c.request), UserAgent: c.request.UserAgent()}
	if c.service == "sts" {
		return c.answerSTS(rq)
	}
	return c.answerKMS(rq)
}

func (c *call) answerSTS(rq iam.Request) (any, *apierror.Error) {
	in := &sts.Call{Service: c.server.sts, Request: rq, Operation: c.name, Body: c.body}
	answer, problem := in.Answer()
	if in.Who != nil {
		c.enter(in.Who)
	}
	c.audit.Role, c.audit.Decision = in.Role, in.Decision
	return answer, problem
}

func (c *call) answerKMS(rq iam.Request) (any, *apierror.Error) {
	if !c.server.quotas.Take(rq.Who.Account, c.region, c.name, c.server.now()) {
		return nil, tooFast()
	}
	in := &kms.Call{Service: c.server.kms, Request: rq, Operation: c.name, Body: c.body}
	answer, problem := in.Answer()
	c.audit.Key, c.audit.Destination, c.audit.Decision = in.Key, in.Destination, in.Decision
	c.audit.EncryptionContext, c.audit.DestinationContext = in.EncryptionContext, in.DestinationContext
	return answer, problem
}

// enter notes the caller for the audit log.
func (c *call) enter(who *iam.Principal) {
	c.audit.Principal, c.audit.Account, c.audit.AccessKey, c.audit.who = who.ARN, who.Account, who.AccessKey, who
}

// faultSubject finds out what the call is about, before anything of it has
// been checked.
func (c *call) faultSubject() faultSubject {
	s := faultSubject{service: c.service, region: c.region, operation: c.name}
	if c.service == "kms" {
		s.keys = c.server.kms.Names(c.region, c.body)
	}
	return s
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
