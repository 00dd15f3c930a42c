package devkms

import (
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/seed-1f7fdfb8/sops/devkms/internal/anywhere"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/authority"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/keystore"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/kms"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/kmsadmin"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/opaque"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/quota"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/signin"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/sigv4"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/sso"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/sts"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/tunnel"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/world"
)

// Options say how a Server is made. The zero value is good: the built-in
// world, in memory, with the clock and the randomness of the machine.
type Options struct {
	World  *World           // nil means BuiltinWorld()
	Dir    string           // keeps key material and changes; "" means memory
	Now    func() time.Time // also dates signatures; nil means time.Now
	Random io.Reader        // nil means crypto/rand
	Audit  io.Writer        // gets the audit log as JSON lines; nil means none
}

// A Server is KMS and STS in one http.Handler, for all accounts and regions
// of its world.
type Server struct {
	world    *World
	store    *keystore.Store
	kms      *kms.Service
	sts      *sts.Service
	sso      *sso.Service // nil if the world has none
	signin   *signin.Service
	anywhere *anywhere.Service
	unsigned []service
	machines *authority.Authority // of IAM Roles Anywhere
	web      *authority.Authority // of the proxy
	tunnel   *tunnel.Tunnel       // nil until it listens
	verifier *sigv4.Verifier
	now      func() time.Time
	random   io.Reader
	audit    auditLog
	faults   faults
	quotas   quota.Meter

	mu      sync.Mutex
	advance time.Duration
	http    *http.Server
	url     string
	closed  bool

	done    chan struct{}  // closed by Close; ends what hangs
	life    sync.RWMutex   // held for reading by each call
	serving sync.WaitGroup // the listener
}

// New makes a server. It does not listen: use it as a handler, or call Listen.
func New(o Options) (*Server, error) {
	if o.World == nil {
		o.World = BuiltinWorld()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	w := o.World.Clone()
	w.FillIn()
	if err := w.Check(); err != nil {
		return nil, fmt.Errorf("world: %w", err)
	}
	s := &Server{
		world: w, now: o.Now, random: &lockedReader{r: o.Random}, verifier: sigv4.New(o.Now), done: make(chan struct{}),
	}
	s.audit.out = o.Audit
	var err error
	if s.store, err = keystore.Open(o.Dir, world.DeclaredKeys(w), s.random, o.Now()); err != nil {
		return nil, err
	}
	if s.sts, err = sts.New(world.Principals(w), s.store.Secret, s.random); err != nil {
		return nil, errors.Join(err, s.store.Close())
	}
	tokens, err := opaque.New(s.store.Secret, s.random)
	if err != nil {
		return nil, errors.Join(err, s.store.Close())
	}
	for purpose, into := range map[string]**authority.Authority{"machines": &s.machines, "web": &s.web} {
		if *into, err = authority.New(s.store.Secret, purpose, o.Now(), s.random); err != nil {
			return nil, errors.Join(err, s.store.Close())
		}
	}
	s.unsigned = s.services(tokens)
	operations := kms.Operations()
	maps.Copy(operations, kmsadmin.Operations())
	s.kms = &kms.Service{Store: s.store, Random: s.random, Regions: w.Regions, Directory: world.Directory{World: w}, Accounts: world.Organizations(w), Operations: operations, Settling: w.Settling}
	s.quotas.Limits = w.Quotas
	return s, nil
}

// lockedReader lets many calls read from one source that may not be safe for
// that.
type lockedReader struct {
	mu sync.Mutex
	r  io.Reader
}

func (l *lockedReader) Read(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.r.Read(b)
}

// Listen starts to serve on a free port of 127.0.0.1 and returns the URL.
// There is no way to listen elsewhere.
func (s *Server) Listen() (string, error) { return s.ListenPort(0) }

// ListenPort is Listen with a port of the caller's choice.
func (s *Server) ListenPort(port int) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return "", errors.New("devkms: the server is closed")
	}
	if s.http != nil {
		return s.url, nil
	}
	l, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return "", fmt.Errorf("devkms: %w", err)
	}
	s.tunnel = tunnel.New(s, func(host string) (*tls.Certificate, error) { return s.web.Server(host, s.now()) })
	s.http = &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	s.url = "http://" + l.Addr().String()
	h := s.http
	s.serving.Go(func() {
		if err := h.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.audit.note(err)
		}
	})
	return s.url, nil
}

// URL returns the address that Listen gave, or "".
func (s *Server) URL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.url
}

// Close stops the server and frees the state directory. Calls under way may
// end without an answer. It also reports if the audit log could not be
// written.
func (s *Server) Close() error {
	s.mu.Lock()
	h, closed := s.http, s.closed
	s.closed = true
	s.mu.Unlock()
	if closed {
		return nil
	}
	close(s.done)
	var err error
	if h != nil {
		err = errors.Join(s.tunnel.Close(), h.Close())
	}
	s.serving.Wait()
	s.life.Lock() // calls under way have it for reading
	defer s.life.Unlock()
	return errors.Join(err, s.audit.firstError(), s.store.Close())
}

// TB is what Start needs of a testing.TB.
type TB interface {
	Helper()
	Cleanup(func())
	Fatalf(format string, args ...any)
}

// Start serves the world, or the built-in one if w is nil, until the test
// ends.
func Start(t TB, w *World) *Server {
	t.Helper()
	s, err := New(Options{World: w})
	if err != nil {
		t.Fatalf("devkms: %v", err)
	}
	if _, err := s.Listen(); err != nil {
		t.Fatalf("%v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Fatalf("devkms: close: %v", err)
		}
	})
	return s
}

// Advance moves the clock of the world: sessions expire, keys pending
// deletion go. Signatures are still dated by the callers' clock.
func (s *Server) Advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.advance += d
}

// worldTime is the time in the world.
func (s *Server) worldTime() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now().Add(s.advance).UTC()
}

// WebIdentityToken makes a token of one of the world's issuers, good for
// AssumeRoleWithWebIdentity. The issuer is named by its URL.
func (s *Server) WebIdentityToken(issuer, subject, audience string, life time.Duration) (string, error) {
	token, err := s.sts.WebIdentityToken(s.worldTime(), issuer, subject, audience, life)
	if err != nil {
		return "", fmt.Errorf("devkms: %w", err)
	}
	return token, nil
}
