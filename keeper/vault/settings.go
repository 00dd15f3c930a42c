package vault

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/internal/rest"
)

// settings are what the variables of Vault and OpenBao say.
type settings struct {
	env         env.Env
	client      *rest.Client
	allow       allowList
	namespace   string
	headers     http.Header
	noRedirects bool
	address     string // that the vault command would use; "" if it is not set
	addressFrom string
}

// lookup returns a variable of OpenBao if it exists, else that of Vault, as the
// bao command does, and the name that it was found under.
func lookup(e env.Env, name string) (value, variable string) {
	if v, set := e("BAO_" + name); set {
		return v, "BAO_" + name
	}
	return e.Get("VAULT_" + name), "VAULT_" + name
}

func newSettings(o Options) (*settings, error) {
	s := &settings{env: o.Env}
	var err error
	if s.allow, err = newAllowList(env.Env(o.Env).Get("SOPS_HC_VAULT_ALLOWLIST")); err != nil {
		return nil, err
	}
	s.address, s.addressFrom = lookup(o.Env, "ADDR")
	s.namespace, _ = lookup(o.Env, "NAMESPACE")
	if s.noRedirects, err = flag(o.Env, "DISABLE_REDIRECTS"); err != nil {
		return nil, err
	}
	if s.headers, err = headers(o.Env); err != nil {
		return nil, err
	}
	transport, err := transport(o.Env)
	if err != nil {
		return nil, err
	}
	limit, err := timeout(o.Env)
	if err != nil {
		return nil, err
	}
	if o.Attempt > 0 {
		limit = o.Attempt
	}
	attempts, err := attempts(o.Env)
	s.client = &rest.Client{Transport: transport, Limit: limit, Attempts: attempts}
	return s, err
}

// flag reads a variable that is true or false.
func flag(e env.Env, name string) (bool, error) {
	text, variable := lookup(e, name)
	if text == "" {
		return false, nil
	}
	b, err := strconv.ParseBool(text)
	if err != nil {
		return false, fmt.Errorf("%s: %q is neither true nor false", variable, clean(text))
	}
	return b, nil
}

func timeout(e env.Env) (time.Duration, error) {
	text, variable := lookup(e, "CLIENT_TIMEOUT")
	if text == "" {
		return 0, nil
	}
	if n, err := strconv.Atoi(text); err == nil && n > 0 {
		return time.Duration(n) * time.Second, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("%s: %q is not a time, such as 10s", variable, clean(text))
	}
	return d, nil
}

func attempts(e env.Env) (int, error) {
	text, variable := lookup(e, "MAX_RETRIES")
	if text == "" {
		return 0, nil
	}
	const most = 10
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%s: %q is not a number", variable, clean(text))
	}
	return min(n, most) + 1, nil
}

// headers reads VAULT_HEADERS, an object of texts.
func headers(e env.Env) (http.Header, error) {
	text, variable := lookup(e, "HEADERS")
	if text == "" {
		return nil, nil
	}
	var all map[string]string
	if json.Unmarshal([]byte(text), &all) != nil {
		return nil, fmt.Errorf("%s is not a JSON object of texts", variable) // it may hold a secret
	}
	h := http.Header{}
	for name, value := range all {
		h.Set(name, value)
	}
	return h, nil
}

// transport makes connections with the TLS settings of the vault command.
func transport(e env.Env) (http.RoundTripper, error) {
	t, ok := rest.NewTransport().(*http.Transport)
	if !ok {
		return nil, nil
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	c.ServerName, _ = lookup(e, "TLS_SERVER_NAME")
	var err error
	if c.InsecureSkipVerify, err = flag(e, "SKIP_VERIFY"); err != nil {
		return nil, err
	}
	if c.RootCAs, err = roots(e); err != nil {
		return nil, err
	}
	if c.Certificates, err = clientCertificate(e); err != nil {
		return nil, err
	}
	t.TLSClientConfig = c
	proxy, variable := lookup(e, "HTTP_PROXY")
	if proxy == "" {
		proxy, variable = lookup(e, "PROXY_ADDR")
	}
	if proxy != "" {
		u, err := url.Parse(proxy)
		if err != nil || u.Host == "" {
			return nil, fmt.Errorf("%s is not the URL of a proxy", variable) // it may hold a password
		}
		t.Proxy = http.ProxyURL(u)
	}
	return t, nil
}

// roots returns the certificates to trust; nil is those of the system.
func roots(e env.Env) (*x509.CertPool, error) {
	pool := x509.NewCertPool()
	if text, variable := lookup(e, "CACERT_BYTES"); text != "" {
		return pool, addCertificates(pool, variable, []byte(text))
	}
	if path, variable := lookup(e, "CACERT"); path != "" {
		src, err := readBounded(path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", variable, err)
		}
		return pool, addCertificates(pool, variable+": "+clean(path), src)
	}
	dir, variable := lookup(e, "CAPATH")
	if dir == "" {
		return nil, nil
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", variable, err)
	}
	found := false
	for _, f := range files {
		if f.IsDir() {
			continue
		}
		if src, err := readBounded(filepath.Join(dir, f.Name())); err == nil {
			found = pool.AppendCertsFromPEM(src) || found
		}
	}
	if !found {
		return nil, fmt.Errorf("%s: %s has no certificates in PEM", variable, clean(dir))
	}
	return pool, nil
}

func addCertificates(pool *x509.CertPool, what string, src []byte) error {
	if !pool.AppendCertsFromPEM(src) {
		return fmt.Errorf("%s: there is no certificate in PEM", what)
	}
	return nil
}

func clientCertificate(e env.Env) ([]tls.Certificate, error) {
	cert, variable := lookup(e, "CLIENT_CERT")
	key, keyVariable := lookup(e, "CLIENT_KEY")
	switch {
	case cert == "" && key == "":
		return nil, nil
	case key == "":
		return nil, fmt.Errorf("%s is set, but %s is not", variable, keyVariable)
	case cert == "":
		return nil, fmt.Errorf("%s is set, but %s is not", keyVariable, variable)
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("%s, %s: %w", variable, keyVariable, err)
	}
	return []tls.Certificate{pair}, nil
}

// readBounded reads a file of certificates or of a token, neither of which is
// long.
func readBounded(path string) ([]byte, error) {
	const most = 1 << 20
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, &os.PathError{Op: "open", Path: path, Err: errors.New("it is not a file")}
	case info.Size() > most:
		return nil, &os.PathError{Op: "open", Path: path, Err: errors.New("it is too long")}
	}
	return os.ReadFile(path)
}

// shownPath returns a path as people write it.
func shownPath(home, path string) string {
	if rest, ok := strings.CutPrefix(path, home+string(filepath.Separator)); ok && home != "" {
		return "~/" + filepath.ToSlash(rest)
	}
	return path
}
