package azuretest

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"
)

// An authority issues certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// A certificate is one with its private key.
type certificate struct {
	der []byte
	key crypto.Signer
}

// life is how long certificates are good, before and after now.
const life = 24 * time.Hour

func newAuthority() (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "azuretest"}, NotBefore: time.Now().Add(-life), NotAfter: time.Now().Add(life),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	return &authority{cert, key}, err
}

func (a *authority) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})
}

// newRSA returns an RSA key that is made when it is first asked for.
func newRSA() func() *rsa.PrivateKey {
	return sync.OnceValue(func() *rsa.PrivateKey {
		const bits = 2048
		key, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			panic("azuretest: " + err.Error())
		}
		return key
	})
}

// issue makes a certificate of a key for the given names, the first of which is
// common.
func (a *authority) issue(key crypto.Signer, names ...string) (*certificate, error) {
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: names[0]}, NotBefore: time.Now().Add(-life), NotAfter: time.Now().Add(life),
		DNSNames: names, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	return &certificate{der, key}, err
}

// serve starts a server for the names of Azure. Faults need connections that can
// be cut, so it speaks HTTP/1.1 alone.
func (a *authority) serve(h http.Handler) (*httptest.Server, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	c, err := a.issue(key, "*.vault.azure.net", "*.vault.azure.cn", "*.vault.usgovcloudapi.net", "*.managedhsm.azure.net",
		"login.microsoftonline.com", "login.microsoftonline.us", "login.chinacloudapi.cn", "*.example.test", "*.vault.azure.net.example.test", "localhost")
	if err != nil {
		return nil, err
	}
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = quiet()
	s.TLS = &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"},
		Certificates: []tls.Certificate{{Certificate: [][]byte{c.der}, PrivateKey: c.key}},
	}
	s.StartTLS()
	return s, nil
}

// AppCertificate returns the certificate of App with its key, in PEM.
func (s *Server) AppCertificate() []byte {
	key, err := x509.MarshalPKCS8PrivateKey(s.app().key)
	if err != nil {
		panic("azuretest: " + err.Error())
	}
	return append(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.app().der})...)
}

// dialer returns what connects to one address, whichever is asked for.
func dialer(address string) func(ctx context.Context, network, _ string) (net.Conn, error) {
	return func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}
}

// plain answers what comes without TLS: the proxy, and the managed identity.
func (s *Server) plain(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == http.MethodConnect:
		s.tunnel(w, r)
	case r.URL.Path == "/msi/token":
		s.managedIdentity(w, r)
	default:
		http.NotFound(w, r)
	}
}

// tunnel joins the client with the server, whatever host it asked for.
func (s *Server) tunnel(w http.ResponseWriter, r *http.Request) {
	inner, err := dialer(s.vault.Listener.Addr().String())(r.Context(), "tcp", "")
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	outer, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		_ = inner.Close()
		return
	}
	_, _ = io.WriteString(outer, "HTTP/1.1 200 Connection established\r\n\r\n")
	join := func(to, from net.Conn, src io.Reader) {
		_, _ = io.Copy(to, src)
		_ = to.Close()
		_ = from.Close()
	}
	s.tunnels.Go(func() { join(inner, outer, buffered) })
	s.tunnels.Go(func() { join(outer, inner, inner) })
}
