package keyserver

import (
	"context"
	"crypto/tls"
	"net"
	"os/user"
	"strconv"
	"strings"
)

// A caller is a program that asks, as far as the system vouches for it.
type caller struct {
	names   []string // of the user, or in the certificate
	at      string   // the address; "" at a Unix socket
	foreign bool     // it runs as another user than the server
}

// String names the caller for people.
func (c caller) String() string {
	switch {
	case len(c.names) > 0 && c.at == "":
		return "user " + strings.Join(c.names, ", uid ")
	case len(c.names) > 0:
		return c.names[0] + " at " + c.at
	case c.at != "":
		return c.at
	}
	return "a program on this machine"
}

type callerKey struct{}

// withCaller notes at the start of a connection where it comes from.
func withCaller(ctx context.Context, conn net.Conn) context.Context {
	var c caller
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	if socket, ok := conn.(*net.UnixConn); ok {
		if uid, self, known := userOf(socket); known {
			c.foreign = uid != self
			c.names = userNames(uid)
		}
	} else {
		c.at, _, _ = net.SplitHostPort(conn.RemoteAddr().String())
	}
	return context.WithValue(ctx, callerKey{}, c)
}

// userNames returns the name of a user, if there is one, and the number.
func userNames(uid int) []string {
	number := strconv.Itoa(uid)
	if u, err := user.LookupId(number); err == nil {
		return []string{u.Username, number}
	}
	return []string{number}
}

// withCertificate adds the names in a certificate that was checked.
func withCertificate(ctx context.Context, state *tls.ConnectionState) context.Context {
	if state == nil || len(state.VerifiedChains) == 0 {
		return ctx
	}
	c, leaf := callerOf(ctx), state.VerifiedChains[0][0]
	c.names = nil
	for _, name := range append(append([]string{leaf.Subject.CommonName}, leaf.DNSNames...), leaf.EmailAddresses...) {
		if name != "" {
			c.names = append(c.names, name)
		}
	}
	for _, uri := range leaf.URIs {
		c.names = append(c.names, uri.String())
	}
	return context.WithValue(ctx, callerKey{}, c)
}

func callerOf(ctx context.Context) caller {
	c, _ := ctx.Value(callerKey{}).(caller)
	return c
}
