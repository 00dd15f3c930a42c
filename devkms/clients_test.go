package devkms_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-1f7fdfb8/sops/devkms"
)

// A guest is a program that is not ours, in the environment that Environ
// describes and in no other: neither HOME nor AWS_... nor a proxy of the
// machine reach it. .ci/clients installs these programs.
type guest struct {
	t       *testing.T
	server  *devkms.Server
	dir     string
	program string
	vars    map[string]string
}

// newGuest skips the test where the variable that .ci/clients sets is missing.
func newGuest(t *testing.T, variable string) *guest {
	t.Helper()
	program := os.Getenv(variable)
	if program == "" {
		t.Skipf("%s is not set; .ci/clients installs the program and runs this test", variable)
	}
	g := &guest{t: t, server: devkms.Start(t, nil), dir: t.TempDir(), program: program}
	env, err := g.server.Environ(g.dir)
	if err != nil {
		t.Fatal(err)
	}
	g.vars = map[string]string{}
	for _, v := range append(env, "PATH="+os.Getenv("PATH"), "HOME="+g.dir, "LC_ALL=C.UTF-8") {
		name, value, _ := strings.Cut(v, "=")
		g.vars[name] = value
	}
	return g
}

// as makes the guest use a profile; the default user's keys would win over it.
func (g *guest) as(profile string) {
	delete(g.vars, "AWS_ACCESS_KEY_ID")
	delete(g.vars, "AWS_SECRET_ACCESS_KEY")
	g.vars["AWS_PROFILE"] = profile
}

func (g *guest) file(name, text string) string {
	g.t.Helper()
	path := filepath.Join(g.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		g.t.Fatal(err)
	}
	return path
}

// profile adds one to the generated configuration.
func (g *guest) profile(name string, lines ...string) {
	g.t.Helper()
	path := g.vars["AWS_CONFIG_FILE"]
	text, err := os.ReadFile(path)
	if err != nil {
		g.t.Fatal(err)
	}
	more := "\n[profile " + name + "]\nregion = us-east-1\n" + strings.Join(lines, "\n") + "\n"
	if err := os.WriteFile(path, append(text, more...), 0o600); err != nil {
		g.t.Fatal(err)
	}
}

// run runs the guest; what it writes to stderr is part of its error.
func (g *guest) run(args ...string) (string, error) {
	cmd := exec.CommandContext(g.t.Context(), g.program, args...)
	cmd.Dir = g.dir
	for name, value := range g.vars {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", &guestError{err, stderr.String()}
	}
	return stdout.String(), nil
}

type guestError struct {
	error
	stderr string
}

func (e *guestError) Error() string { return e.error.Error() + ": " + e.stderr }

// atAWSsAddresses takes the guest's endpoint away and gives it a proxy and a
// certificate, so that AWS's own host names lead to the server. So old
// programs get there that know no endpoint for the STS call of a profile.
func (g *guest) atAWSsAddresses() {
	g.t.Helper()
	cert, bundle := g.certificate("*.amazonaws.com", "*.us-east-1.amazonaws.com")
	front := httptest.NewUnstartedServer(g.server)
	front.TLS = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	front.StartTLS()
	g.t.Cleanup(front.Close)
	proxy := httptest.NewServer(tunnel(front.Listener.Addr().String()))
	g.t.Cleanup(proxy.Close)
	for name := range g.vars {
		if strings.HasPrefix(name, "AWS_ENDPOINT_URL") {
			delete(g.vars, name)
		}
	}
	g.vars["HTTPS_PROXY"], g.vars["AWS_CA_BUNDLE"] = proxy.URL, bundle
}

// tunnel is a proxy that leads all names of AWS, and no others, to one address.
func tunnel(address string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect || !strings.HasSuffix(r.Host, ".amazonaws.com:443") {
			http.Error(w, "not AWS", http.StatusForbidden)
			return
		}
		server, err := net.Dial("tcp", address)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer server.Close()
		client, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer client.Close()
		io.WriteString(client, "HTTP/1.1 200 Connection established\r\n\r\n")
		go io.Copy(server, client)
		io.Copy(client, server)
	}
}

// certificate makes one that is its own authority, and writes it to a file.
func (g *guest) certificate(names ...string) (tls.Certificate, string) {
	g.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		g.t.Fatal(err)
	}
	form := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: names, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, form, form, &key.PublicKey, key)
	if err != nil {
		g.t.Fatal(err)
	}
	bundle := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, g.file("bundle.pem", string(bundle))
}
