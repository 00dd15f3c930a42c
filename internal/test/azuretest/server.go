// Package azuretest is an Azure Key Vault on 127.0.0.1, with the Entra ID that
// gives tokens for it.
//
// It is written from the public descriptions, and strict: hosts, paths, API
// versions, challenges, audiences and tenants of tokens, signed assertions, the
// alphabet of base64 and the real RSA-OAEP-256 are checked, and what is not
// known is refused.
//
// Vaults have their real names, and so TLS. The server has a certificate of an
// authority of its own for them, and a proxy that takes every host to it:
//
//	s := azuretest.Start(t)
//	... HTTPS_PROXY=s.Proxy(), SSL_CERT_FILE=file with s.Authority() ...
//	... AZURE_TENANT_ID=azuretest.Tenant, AZURE_CLIENT_ID=azuretest.App, AZURE_CLIENT_SECRET=azuretest.Secret ...
//	s.Deny(azuretest.App, "decrypt")
package azuretest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/test/httpfault"
)

// Names that the server knows.
const (
	Tenant      = "11111111-aaaa-4111-8111-111111111111"
	OtherTenant = "22222222-aaaa-4222-8222-222222222222"
	Vault       = "https://sops-test.vault.azure.net"      // in Tenant
	OtherVault  = "https://other-test.vault.azure.net"     // in OtherTenant
	HSM         = "https://sops-test.managedhsm.azure.net" // in Tenant
	Government  = "https://sops-test.vault.usgovcloudapi.net"
	Key         = "key" // in every vault

	App      = "33333333-bbbb-4333-8333-333333333333" // with Secret, Certificate or FederatedToken
	Secret   = "canary-client-secret"
	Identity = "44444444-bbbb-4444-8444-444444444444" // of the managed identity
)

// A Server is the double.
type Server struct {
	Faults *httpfault.Switch
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Tamper changes what operations answer, before it is sent.
	Tamper func(operation string, answer map[string]any)

	vault, proxy *httptest.Server
	ca           *authority
	signer       func() *rsa.PrivateKey // of tokens
	app          func() *certificate    // of App
	msi          string                 // what the managed identity's caller must know
	mu           sync.Mutex
	vaults       map[string]*vault // by host
	denied       map[string]string // the inner code of the refusal, by principal and operation
	leaks        []string
	tunnels      sync.WaitGroup
}

// Start starts a Server that ends with the test.
func Start(t testing.TB) *Server {
	t.Helper()
	s, err := New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// New starts a Server whose vaults have the key Key.
func New() (*Server, error) {
	ca, err := newAuthority()
	if err != nil {
		return nil, err
	}
	app := sync.OnceValue(func() *certificate {
		c, err := ca.issue(newRSA()(), "sops-test")
		if err != nil {
			panic("azuretest: " + err.Error())
		}
		return c
	})
	s := &Server{
		Faults: &httpfault.Switch{Error: writeStatus}, ca: ca, app: app, signer: newRSA(), msi: rand.Text(),
		vaults: map[string]*vault{}, denied: map[string]string{},
	}
	for address, tenant := range map[string]string{Vault: Tenant, OtherVault: OtherTenant, HSM: Tenant, Government: Tenant} {
		s.vaults[strings.TrimPrefix(address, "https://")] = &vault{tenant: tenant, keys: map[string][]*keyVersion{}}
		s.AddKey(address, Key)
	}
	s.vault, err = ca.serve(s.Faults.Around(s))
	if err != nil {
		return nil, err
	}
	s.proxy = httptest.NewServer(http.HandlerFunc(s.plain))
	return s, nil
}

// Close ends the server.
func (s *Server) Close() {
	s.vault.CloseClientConnections()
	s.vault.Close()
	s.proxy.CloseClientConnections()
	s.proxy.Close()
	s.tunnels.Wait()
}

// Proxy is what HTTPS_PROXY is set to.
func (s *Server) Proxy() string { return s.proxy.URL }

// Authority is the certificate, in PEM, to trust.
func (s *Server) Authority() []byte { return s.ca.pem() }

// Client returns a client that trusts the server and takes every host to it.
func (s *Server) Client() *http.Client {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(s.Authority())
	t := s.vault.Client().Transport.(*http.Transport).Clone()
	t.TLSClientConfig.RootCAs, t.TLSClientConfig.ServerName = pool, ""
	t.DialContext = dialer(s.vault.Listener.Addr().String())
	return &http.Client{Transport: t}
}

// ManagedIdentity returns the variables by which an App Service finds the
// endpoint of its managed identity, which is not asked through the proxy.
func (s *Server) ManagedIdentity() []string {
	return []string{"IDENTITY_ENDPOINT=" + s.proxy.URL + "/msi/token", "IDENTITY_HEADER=" + s.msi}
}

// Deny takes an operation (get, encrypt, decrypt) away from a principal. The
// inner code says how; "" is ForbiddenByRbac.
func (s *Server) Deny(principal, operation, inner string) {
	if inner == "" {
		inner = "ForbiddenByRbac"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.denied[principal+" "+operation] = inner
}

// Leaks returns the requests that carried a body, and so key material, or a
// token where none should have been sent.
func (s *Server) Leaks() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.leaks
}

func (s *Server) leak(what string, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leaks = append(s.leaks, what+": "+r.Method+" "+r.Host+r.URL.Path)
}

func (s *Server) now() time.Time {
	if s.Now == nil {
		return time.Now()
	}
	return s.Now()
}

// ServeHTTP answers one request that came over TLS.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	host := r.Host
	if h, port, err := net.SplitHostPort(host); err == nil && port == "443" {
		host = h
	}
	s.mu.Lock()
	v := s.vaults[host]
	s.mu.Unlock()
	switch {
	case v != nil:
		s.keyVault(w, r, v, host)
	case isLogin(host):
		s.login(w, r, host)
	default:
		if r.Header.Get("Authorization") != "" {
			s.leak("a token for a foreign host", r)
		}
		refuse(http.StatusNotFound, "VaultNotFound", "there is no %s", host).write(w)
	}
}

func writeStatus(w http.ResponseWriter, status int) {
	if status == http.StatusTooManyRequests {
		refuse(status, "Throttled", "Request was not processed because too many requests were received.").write(w)
		return
	}
	refuse(status, "InternalServerError", "Internal server error").write(w)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("x-ms-request-id", "55555555-cccc-4555-8555-555555555555")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
