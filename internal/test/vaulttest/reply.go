package vaulttest

import (
	"io"
	"net/http"
	"strings"
)

// A Reply is an answer that a server gives without looking at the request.
type Reply struct {
	Status   int
	Location string // of a redirect, to the same path there: http://HOST:PORT
	Body     string
}

// Reply makes the server answer the next requests so; times 0 is all of them,
// and the zero Reply is the end of it. What other servers do too, such as to
// hang, is in Faults.
func (s *Server) Reply(r Reply, times int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reply, s.times = r, times
	if times == 0 {
		s.times = -1
	}
}

// nextReply returns the Reply for the next request, and whether there is one.
func (s *Server) nextReply() (Reply, bool) {
	if s.reply.Status == 0 || s.times == 0 {
		return Reply{}, false
	}
	if s.times > 0 {
		s.times--
	}
	return s.reply, true
}

func (reply Reply) write(w http.ResponseWriter, r *http.Request) {
	if reply.Location != "" {
		w.Header().Set("Location", reply.Location+r.URL.Path)
	}
	w.Header().Set("Content-Type", "application/json")
	if strings.HasPrefix(reply.Body, "<") {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
	}
	w.WriteHeader(reply.Status)
	_, _ = io.WriteString(w, reply.Body)
}

// Replies that Vault, or what is in front of it, gives.
func Replies() map[string]Reply {
	return map[string]Reply{
		"throttled": {Status: http.StatusTooManyRequests, Body: `{"errors":["request path \"transit/decrypt/app\": rate limit quota exceeded"]}`},
		"standby":   {Status: http.StatusServiceUnavailable, Body: `{"errors":["local node not active but active cluster node not found"]}`},
		"stale":     {Status: http.StatusPreconditionFailed, Body: `{"errors":["required index state not present"]}`},
		"other key": {Status: http.StatusBadRequest, Body: `{"errors":["cipher: message authentication failed"]}`},
		"wants TLS": {Status: http.StatusBadRequest, Body: "Client sent an HTTP request to an HTTPS server.\n"},
		"commands":  {Status: http.StatusBadRequest, Body: `{"errors":["\u001b[2Jsops: error: gone\u202e"]}`},
		"null":      {Status: http.StatusOK, Body: `{"request_id":"1","data":null}`},
		"wrapped":   {Status: http.StatusOK, Body: `{"request_id":"1","data":null,"wrap_info":{"token":"hvs.wrapped","ttl":60}}`},
		"junk":      {Status: http.StatusOK, Body: `{"data":{"ciphertext":"junk\n\u0000","plaintext":"%%%"}}`},
		"cut short": {Status: http.StatusOK, Body: `{"data":{"cipher`},
	}
}
