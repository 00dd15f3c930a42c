package keyserver

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
)

// A Listener is where a server takes calls.
type Listener struct {
	net.Listener
	tls *tls.Config // nil for none
}

// A Place is where a server listens.
type Place struct {
	Network string // tcp, tcp4, tcp6 or unix
	Address string // HOST:PORT, or the path of a socket
	// Shared lets other users connect to a Unix socket; the server knows which
	// user each is.
	Shared bool
	// Cert and Key are files in PEM: with them the server speaks TLS. Callers need
	// a certificate that one of ClientCA has signed, if that is given.
	Cert, Key, ClientCA string
}

// Listen begins to listen at a place.
func Listen(ctx context.Context, p Place) (*Listener, error) {
	config, err := p.tls()
	if err != nil {
		return nil, err
	}
	var l net.Listener
	if p.Network == "unix" {
		l, err = listenUnix(ctx, p)
	} else {
		l, err = new(net.ListenConfig).Listen(ctx, p.Network, p.Address)
	}
	if err != nil {
		return nil, err
	}
	return &Listener{l, config}, nil
}

// Safe reports whether only programs of this machine, or callers with a
// certificate, can connect.
func (l *Listener) Safe() bool {
	at, ok := l.Addr().(*net.TCPAddr)
	return !ok || at.IP.IsLoopback() || l.tls != nil && l.tls.ClientAuth == tls.RequireAndVerifyClientCert
}

func (p Place) tls() (*tls.Config, error) {
	if p.Cert == "" {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(p.Cert, p.Key)
	if err != nil {
		return nil, fmt.Errorf("%s, %s: %w", p.Cert, p.Key, err)
	}
	c := &tls.Config{MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{pair}}
	if p.ClientCA == "" {
		return c, nil
	}
	pem, err := os.ReadFile(p.ClientCA)
	if err != nil {
		return nil, err
	}
	c.ClientAuth, c.ClientCAs = tls.RequireAndVerifyClientCert, x509.NewCertPool()
	if !c.ClientCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s: there is no certificate in it", p.ClientCA)
	}
	return c, nil
}

// listenUnix makes the socket, which has its mode from the first moment. The
// socket of a server that was killed is replaced.
func listenUnix(ctx context.Context, p Place) (net.Listener, error) {
	l, err := socket(ctx, p)
	if !errors.Is(err, syscall.EADDRINUSE) {
		return l, err
	}
	conn, dialled := new(net.Dialer).DialContext(ctx, "unix", p.Address)
	if dialled == nil {
		_ = conn.Close()
		return nil, fmt.Errorf("%s: another server listens there", p.Address)
	}
	if info, found := os.Lstat(p.Address); found != nil || info.Mode().Type() != os.ModeSocket || !errors.Is(dialled, syscall.ECONNREFUSED) {
		return nil, err
	}
	if err := os.Remove(p.Address); err != nil {
		return nil, err
	}
	return socket(ctx, p)
}
