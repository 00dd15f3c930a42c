package azurekv

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/internal/rest"
	"github.com/seed-1f7fdfb8/sops/internal/test/azuretest"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// A world is an Azure with the variables that lead to it.
type world struct {
	*azuretest.Server
	dir       string
	vars      map[string]string
	transport *http.Transport
}

// newWorld has the client secret of the application.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{Server: azuretest.Start(t), dir: t.TempDir()}
	w.vars = map[string]string{varTenant: azuretest.Tenant, varClient: azuretest.App, varSecret: azuretest.Secret}
	proxy, err := url.Parse(w.Proxy())
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(w.Authority())
	w.transport = &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12},
		Proxy: func(r *http.Request) (*url.URL, error) {
			if r.URL.Scheme == "https" {
				return proxy, nil
			}
			return nil, nil
		},
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if host, _, err := net.SplitHostPort(address); err != nil || !rest.Loopback(host) {
				return nil, fmt.Errorf("tests do not leave this machine for %s", address)
			}
			return new(net.Dialer).DialContext(ctx, network, address)
		},
	}
	t.Cleanup(w.transport.CloseIdleConnections)
	return w
}

func (w *world) keeper() *Keeper { return New(Options{Env: env.Map(w.vars), Transport: w.transport}) }

// file writes a file of credentials.
func (w *world) file(t *testing.T, name string, src []byte) string {
	t.Helper()
	path := filepath.Join(w.dir, name)
	if err := os.WriteFile(path, src, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const secret = "canary-canary-canary-canary-0123"

func key(vault, version string) keeper.MasterKey {
	return keeper.Undescribed(keeper.Azure, fieldURL, vault, fieldName, azuretest.Key, fieldVersion, version)
}

func (w *world) wrap(t *testing.T) keeper.WrappedKey {
	t.Helper()
	return w.wrapAt(t, azuretest.Vault)
}

func (w *world) wrapAt(t *testing.T, vault string) keeper.WrappedKey {
	t.Helper()
	k := New(Options{Env: env.Map(map[string]string{varTenant: azuretest.Tenant, varClient: azuretest.App, varSecret: azuretest.Secret}), Transport: w.transport})
	out, err := k.Wrap(t.Context(), key(vault, ""), keeper.NewData([]byte(secret)))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// honest fails a test in which key material or a token went where it must not.
func (w *world) honest(t *testing.T) {
	t.Helper()
	if leaks := w.Leaks(); len(leaks) > 0 {
		t.Errorf("leaks: %s", strings.Join(leaks, "\n"))
	}
}
