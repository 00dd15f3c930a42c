package keyservice

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seed-1f7fdfb8/sops/keeper"
)

// An Address says where a key service is and how it is spoken to.
type Address struct {
	Network string // to dial: tcp, tcp4, tcp6, unix
	Target  string // HOST:PORT, or the path of a socket
	TLS     *TLS   // nil for none
	name    string // as errors have it
}

// TLS names files in PEM.
type TLS struct {
	CA        string // who signs servers; "" is who this machine trusts
	Cert, Key string // of the client; "" for none
}

// forms are what an address looks like.
const forms = "write tcp://HOST:PORT, unix:///PATH, or tls://HOST:PORT?ca=PEM&cert=PEM&key=PEM"

// ParseAddress reads the URI of a key service. Names of files in it are seen from
// dir.
func ParseAddress(text, dir string) (Address, error) {
	fail := func(reason string) (Address, error) {
		return Address{}, &keeper.NameError{Reason: fmt.Sprintf("%q is not the address of a key service: %s", text, reason), Hint: forms}
	}
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return fail("it is not a URI")
	case !slices.Contains([]string{"tcp", "tcp4", "tcp6", "unix", "tls"}, u.Scheme):
		return fail("it does not begin with tcp://, unix:// or tls://")
	case u.User != nil, u.Fragment != "", u.Scheme != "tls" && u.RawQuery != "":
		return fail("there is more in it than an address")
	}
	a := Address{Network: u.Scheme, Target: u.Host, name: u.Scheme + "://" + u.Host + u.Path}
	if u.Scheme == "unix" {
		// unix:/path, unix:///path and, relative to dir, unix://path and unix:path
		a.Target = u.Host + u.Path + u.Opaque
		a.name = "unix://" + a.Target
		if a.Target == "" {
			return fail("it has no path")
		}
		a.Target = inside(dir, a.Target)
		return a, nil
	}
	if host, port, err := net.SplitHostPort(u.Host); err != nil || host == "" || port == "" {
		return fail("it has no host with a port")
	}
	if strings.Trim(u.Path, "/") != "" {
		return fail("there is more in it than an address")
	}
	a.name = u.Scheme + "://" + u.Host
	if u.Scheme != "tls" {
		return a, nil
	}
	a.Network, a.TLS = "tcp", &TLS{}
	files := map[string]*string{"ca": &a.TLS.CA, "cert": &a.TLS.Cert, "key": &a.TLS.Key}
	for name, values := range u.Query() {
		to := files[name]
		if to == nil || len(values) != 1 || values[0] == "" {
			return fail(fmt.Sprintf("%s=FILE is not known, or not given once", name))
		}
		*to = inside(dir, values[0])
	}
	if (a.TLS.Cert == "") != (a.TLS.Key == "") {
		return fail("cert and key belong together")
	}
	return a, nil
}

// String returns the address without what it says of files.
func (a Address) String() string { return a.name }

func inside(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// config reads the files.
func (t *TLS) config(target string) (*tls.Config, error) {
	host, _, err := net.SplitHostPort(target)
	if err != nil {
		return nil, err
	}
	c := &tls.Config{MinVersion: tls.VersionTLS13, ServerName: host}
	if t.CA != "" {
		pem, err := os.ReadFile(t.CA)
		if err != nil {
			return nil, err
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s: there is no certificate in it", t.CA)
		}
	}
	if t.Cert != "" {
		pair, err := tls.LoadX509KeyPair(t.Cert, t.Key)
		if err != nil {
			return nil, fmt.Errorf("%s, %s: %w", t.Cert, t.Key, err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}
