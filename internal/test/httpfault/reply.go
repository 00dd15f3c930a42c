package httpfault

import (
	"io"
	"net/http"
	"strings"
	"sync"
)

// A Reply is an answer that a double gives without looking at the request.
type Reply struct {
	Status   int
	Location string // of a redirect, to the same path there: http://HOST:PORT
	Body     string
}

// Write writes the answer: JSON, or a page of HTML. The request is needed for a
// Location alone.
func (reply Reply) Write(w http.ResponseWriter, r *http.Request) {
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

// Replies are the fixed answers of a double. The zero value has none.
type Replies struct {
	mu    sync.Mutex
	reply Reply
	times int // how many more requests get it; negative is all
}

// Reply makes the server answer the next requests so; times 0 is all of them,
// and the zero Reply is the end of it. What other servers do too, such as to
// hang, is in a Switch.
func (s *Replies) Reply(r Reply, times int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reply, s.times = r, times
	if times == 0 {
		s.times = -1
	}
}

// Next returns the Reply for the next request, and whether there is one.
func (s *Replies) Next() (Reply, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reply.Status == 0 || s.times == 0 {
		return Reply{}, false
	}
	if s.times > 0 {
		s.times--
	}
	return s.reply, true
}
