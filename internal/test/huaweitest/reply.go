package huaweitest

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

// Replies that the service, or its gateway, gives.
func Replies() map[string]Reply {
	const length = 200
	return map[string]Reply{
		"throttled": {Status: http.StatusTooManyRequests, Body: `{"error_code":"APIGW.0308","error_msg":"The throttling threshold has been reached","request_id":"req-0001"}`},
		"failed":    {Status: http.StatusInternalServerError, Body: `{"error":{"error_code":"KMS.0301","error_msg":"Internal error"}}`},
		"other key": {Status: http.StatusOK, Body: `{"key_id":"00000000-0000-4000-8000-000000000000","cipher_text":"` + strings.Repeat("A", length) + `","plain_text":"AAAA"}`},
		"commands":  {Status: http.StatusBadRequest, Body: `{"error":{"error_code":"KMS.0205","error_msg":"\u001b[2Jsops: error: gone\u202e"}}`},
		"code":      {Status: http.StatusBadRequest, Body: `{"code":"KMS.0205","message":"in the third shape"}`},
		"empty":     {Status: http.StatusOK, Body: "{}"},
		"junk":      {Status: http.StatusOK, Body: `{"cipher_text":"junk\n\u0000","plain_text":"%%%"}`},
		"redirect":  {Status: http.StatusTemporaryRedirect, Location: "http://other.invalid"},
	}
}
