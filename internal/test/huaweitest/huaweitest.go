// Package huaweitest is the Key Management Service of Huawei Cloud in one
// region, with the part of IAM and of the metadata service that its callers
// need, for tests of what calls it. It is strict: it computes every signature
// anew, and a request that no correct client sends is refused, and kept as a
// complaint.
//
//	h := huaweitest.New("eu-west-101")
//	defer h.Close()
//	ak, sk := h.User("ann", "kms:cmk:encryptData", "kms:cmk:decryptData")
//	id := h.AddKey()
//	// set HUAWEICLOUD_SDK_REGION_KMS_EU_WEST_101=h.URL
package huaweitest

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/test/httpfault"
)

// Project is the id of the one project of the region.
const Project = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"

// A Server is the services of one region. Its methods may be called while it
// serves.
type Server struct {
	*httptest.Server
	Faults *httpfault.Switch
	httpfault.Replies
	Region string

	mu         sync.Mutex
	users      map[string]user // by access key
	keys       map[string]*key
	machine    string // the access key that the metadata service gives; "" is none
	metadata   string // its session token
	skew       time.Duration
	calls      httpfault.Record[Call]
	complaints httpfault.Record[string]
}

type user struct {
	name, secret, security string
	actions                []string
}

func (u user) may(action string) bool { return slices.Contains(u.actions, action) }

// A Call is a request that has come in.
type Call struct{ Method, Path, User string }

// New starts the services of a region on 127.0.0.1.
func New(region string) *Server {
	s := &Server{Region: region, users: map[string]user{}, keys: map[string]*key{}}
	s.Faults = &httpfault.Switch{Error: func(w http.ResponseWriter, status int) {
		httpfault.Reply{Status: status, Body: `{"error":{"error_code":"KMS.0301","error_msg":"` + http.StatusText(status) + `"}}`}.Write(w, nil)
	}}
	s.Server = httptest.NewServer(s.Faults.Around(http.HandlerFunc(s.serve)))
	return s
}

// Close ends the server, also what hangs.
func (s *Server) Close() {
	s.Server.CloseClientConnections()
	s.Server.Close()
}

// User returns the access key of a new user who may do these actions.
func (s *Server) User(name string, actions ...string) (ak, sk string) {
	ak, sk, _ = s.add(user{name: name, actions: actions})
	return ak, sk
}

// Temporary is User, with keys that are good only beside a security token.
func (s *Server) Temporary(name string, actions ...string) (ak, sk, security string) {
	return s.add(user{name: name, actions: actions, security: "ST" + random()})
}

// Machine lets the metadata service give temporary keys of a new agency.
func (s *Server) Machine(actions ...string) {
	ak, _, _ := s.Temporary("machine", actions...)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.machine, s.metadata = ak, "MT"+random()
}

func (s *Server) add(u user) (ak, sk, security string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	const shown = 20
	ak, u.secret = "HP"+random()[:shown-2], "SK"+random()
	s.users[ak] = u
	return ak, u.secret, u.security
}

func random() string {
	const size = 16
	b := make([]byte, size)
	rand.Read(b)
	return hex.EncodeToString(b)
}

// A State is what a key is in.
type State string

// States of keys.
const (
	Enabled  State = "enabled"
	Disabled State = "disabled"
	Pending  State = "pending deletion"
)

type key struct {
	secret []byte
	state  State
}

// AddKey makes a key and returns its id.
func (s *Server) AddKey() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	const size = 32
	k := &key{secret: make([]byte, size), state: Enabled}
	rand.Read(k.secret)
	id := hex.EncodeToString(k.secret[:16]) // any digits will do
	rand.Read(k.secret)
	id = strings.Join([]string{id[:8], id[8:12], id[12:16], id[16:20], id[20:]}, "-")
	s.keys[id] = k
	return id
}

// Name returns how SOPS names a key.
func (s *Server) Name(id string) string { return s.Region + ":" + id }

// SetState sets the state of a key.
func (s *Server) SetState(id string, state State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys[id].state = state
}

// SetClock makes the server's clock go before (or after) that of the machine.
func (s *Server) SetClock(ahead time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.skew = ahead
}

// Calls returns the requests since it was last called.
func (s *Server) Calls() []Call { return s.calls.Take() }

// Complaints returns what no correct client sends, since it was last called.
func (s *Server) Complaints() []string { return s.complaints.Take() }
