package keyserver

import (
	"crypto/tls"
	"net"
	"net/http"
	"slices"
	"sync"
)

// A crowd holds the connections of a server. When there are too many, the one
// that has been silent for longest is closed, so that callers that connect and
// say nothing keep no other caller out.
type crowd struct {
	max    int
	mu     sync.Mutex
	open   map[net.Conn]bool
	silent []net.Conn // those without a call, the oldest first
}

// note notes a change of a connection.
func (c *crowd) note(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at := slices.Index(c.silent, conn); at >= 0 {
		c.silent = slices.Delete(c.silent, at, at+1)
	}
	switch state {
	case http.StateNew:
		if c.open == nil {
			c.open = map[net.Conn]bool{}
		}
		c.open[conn] = true
		c.silent = append(c.silent, conn)
	case http.StateIdle:
		if c.open[conn] { // it is not one that was closed here
			c.silent = append(c.silent, conn)
		}
	case http.StateClosed, http.StateHijacked:
		delete(c.open, conn)
	}
	if len(c.open) > c.max && len(c.silent) > 0 {
		oldest := c.silent[0]
		c.silent = c.silent[1:]
		delete(c.open, oldest)
		closeNow(oldest)
	}
}

// closeNow closes a connection without a farewell, which a silent caller would
// not hear.
func closeNow(conn net.Conn) {
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	_ = conn.Close() // whatever it says, the connection is gone
}
