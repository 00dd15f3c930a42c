// Package vaulttest is the transit engine and the key-value engine of Vault and
// OpenBao on one machine, for tests of what calls them. It is strict where the real server is lenient: a
// request that it cannot account for is refused, and kept as a complaint.
//
//	v := vaulttest.New()
//	defer v.Close()
//	v.AddKey("transit", "app", vaulttest.AES)
//	token := v.Token(vaulttest.Policy{"transit/encrypt/app": {"update"}})
//
// Paths begin with the namespace, if there is one: ns1/transit is the mount
// transit of the namespace ns1, whether a request names it in its path or in
// the header X-Vault-Namespace.
package vaulttest

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/test/httpfault"
)

// A Policy says what a token may do: for each path without v1/, its
// capabilities, of which transit knows update and create. A path that ends with
// * is for all that begin so.
type Policy map[string][]string

// All is a policy of everything.
func All() Policy { return Policy{"*": {"create", "update", "read"}} }

// A Server is a Vault. Its methods may be called while it serves.
type Server struct {
	*httptest.Server
	Faults *httpfault.Switch
	httpfault.Replies

	mu         sync.Mutex
	mounts     map[string]map[string]*key // of transit, by namespace and mount
	stores     map[string]*store          // of secrets, likewise
	namespaces map[string]bool
	tokens     map[string]token
	sealed     bool
	calls      httpfault.Record[Call]
	complaints httpfault.Record[string]
}

type token struct {
	policy  Policy
	expires time.Time
}

// A Call is a request that has come in.
type Call struct {
	Method, Path, Namespace, Host string
	HasToken                      bool
}

// New starts a Vault that serves HTTP on 127.0.0.1, with the mount transit.
func New() *Server { return start((*httptest.Server).Start) }

// NewTLS starts a Vault that serves HTTPS; Certificate returns what to trust.
func NewTLS() *Server { return start((*httptest.Server).StartTLS) }

func start(begin func(*httptest.Server)) *Server {
	s := &Server{
		mounts: map[string]map[string]*key{"transit": {}}, stores: map[string]*store{}, namespaces: map[string]bool{}, tokens: map[string]token{},
	}
	s.Faults = &httpfault.Switch{Error: func(w http.ResponseWriter, status int) {
		httpfault.Reply{Status: status, Body: `{"errors":["` + strings.ToLower(http.StatusText(status)) + `"]}`}.Write(w, nil)
	}}
	s.Server = httptest.NewUnstartedServer(s.Faults.Around(http.HandlerFunc(s.serve)))
	begin(s.Server)
	return s
}

// Close ends the server, also what hangs.
func (s *Server) Close() {
	s.Server.CloseClientConnections()
	s.Server.Close()
}

// KeyURL returns how SOPS names a key.
func (s *Server) KeyURL(mount, name string) string { return s.URL + "/v1/" + mount + "/keys/" + name }

// Mount adds a mount of the transit engine, such as ns1/a/b/transit.
func (s *Server) Mount(path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mounts[path] = map[string]*key{}
}

// AddNamespace adds a namespace, such as ns1 or ns1/ns2.
func (s *Server) AddNamespace(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.namespaces[name] = true
}

// Token returns a new token that never expires.
func (s *Server) Token(p Policy) string { return s.TokenUntil(p, time.Time{}) }

// TokenUntil returns a new token that is good until a time.
func (s *Server) TokenUntil(p Policy, expires time.Time) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	const length = 12
	random := make([]byte, length)
	rand.Read(random)
	name := "hvs." + hex.EncodeToString(random)
	s.tokens[name] = token{policy: p, expires: expires}
	return name
}

// Revoke makes a token unknown.
func (s *Server) Revoke(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.tokens, name)
}

// Seal seals or unseals the server.
func (s *Server) Seal(sealed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sealed = sealed
}

// Calls returns the requests since it was last called.
func (s *Server) Calls() []Call { return s.calls.Take() }

// Complaints returns what no correct client sends, since it was last called.
func (s *Server) Complaints() []string { return s.complaints.Take() }

// allows reports whether a token has one of the capabilities on a path.
func (p Policy) allows(path string, capabilities ...string) bool {
	for pattern, has := range p {
		prefix, open := strings.CutSuffix(pattern, "*")
		if pattern != path && !(open && strings.HasPrefix(path, prefix)) {
			continue
		}
		for _, one := range capabilities {
			for _, h := range has {
				if h == one {
					return true
				}
			}
		}
	}
	return false
}
