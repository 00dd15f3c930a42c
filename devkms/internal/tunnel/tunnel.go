// Package tunnel is a proxy that ends TLS: a program that asks it for a way to a
// host of AWS (CONNECT) speaks to this server instead, which shows a certificate
// for that host.
package tunnel

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// A Tunnel is where connections go that programs believe to lead to AWS.
type Tunnel struct {
	certificate func(host string) (*tls.Certificate, error)
	server      *http.Server
	arrived     chan net.Conn
	closed      chan struct{}
	once        sync.Once
	serving     sync.WaitGroup
}

// New serves what comes through the tunnel with the handler, until Close.
func New(h http.Handler, certificate func(host string) (*tls.Certificate, error)) *Tunnel {
	t := &Tunnel{
		certificate: certificate, server: &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second},
		arrived: make(chan net.Conn), closed: make(chan struct{}),
	}
	t.serving.Go(func() { _ = t.server.Serve(listener{t}) }) // it ends with ErrServerClosed
	return t
}

// Close ends all connections.
func (t *Tunnel) Close() error {
	t.once.Do(func() { close(t.closed) })
	err := t.server.Close()
	t.serving.Wait()
	return err
}

// Connect answers a CONNECT request.
func (t *Tunnel) Connect(w http.ResponseWriter, r *http.Request) {
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		http.Error(w, "devkms: the proxy wants a host and a port", http.StatusBadRequest)
		return
	}
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, "devkms: no tunnel over this connection", http.StatusHTTPVersionNotSupported)
		return
	}
	if _, err := io.WriteString(conn, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		_ = conn.Close() // the program has gone
		return
	}
	own := tls.Server(conn, &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return t.certificate(host) },
	})
	select {
	case t.arrived <- own:
	case <-t.closed:
		_ = own.Close() // the server has gone
	}
}

// A listener hands the connections of the tunnel to the HTTP server.
type listener struct{ *Tunnel }

func (l listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.arrived:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l listener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }
