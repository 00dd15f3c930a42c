// Package gcptest is a Google Cloud KMS and a Cloud Storage on 127.0.0.1, with the
// services that give tokens for them: the OAuth 2.0 token endpoint, the security token service, the
// IAM credentials service and the metadata server.
//
// It is written from the public descriptions, and strict: signatures, audiences,
// scopes, times, checksums, the alphabet of base64, methods, paths and content
// types are checked, and what is not known is refused.
//
//	s := gcptest.Start(t)
//	s.AddKey(gcptest.Key)
//	... SOPS_GCP_KMS_ENDPOINT=s.URL(), GOOGLE_APPLICATION_CREDENTIALS=file with s.ServiceAccount() ...
//	s.Deny(gcptest.Account, gcptest.UseToDecrypt)
package gcptest

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
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
	Project = "sops-test"
	Key     = "projects/sops-test/locations/global/keyRings/ring/cryptoKeys/key"
	Other   = "projects/sops-test/locations/europe-west1/keyRings/ring/cryptoKeys/other"

	Account      = "sops@sops-test.iam.gserviceaccount.com" // of ServiceAccount
	Impersonated = "deploy@sops-test.iam.gserviceaccount.com"
	Machine      = "machine@sops-test.iam.gserviceaccount.com" // of the metadata server
	User         = "ann@example.test"                          // of AuthorizedUser
	Federated    = "principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/subject/ci"
)

// Permissions on keys.
const (
	UseToEncrypt = "cloudkms.cryptoKeyVersions.useToEncrypt"
	UseToDecrypt = "cloudkms.cryptoKeyVersions.useToDecrypt"
)

// A Server is the double. It answers what Google's servers would, each under
// its own path.
type Server struct {
	Faults *httpfault.Switch
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Tamper changes what encrypt and decrypt answer, before it is sent.
	Tamper func(operation string, answer map[string]any)
	// NoMetadata makes the metadata server answer as if there were none.
	NoMetadata bool
	// Universe is the universe domain that the metadata server reports.
	Universe string

	http   *httptest.Server
	signer *rsa.PrivateKey // of the service account
	mu     sync.Mutex
	keys   map[string]*cryptoKey
	tokens map[string]grant
	denied map[string]bool
	// buckets are those of Cloud Storage, with their objects by name.
	buckets map[string]map[string]*object
	// projects are those that may be named for quota; the value is the reason
	// of a refusal.
	projects map[string]string
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

// New starts a Server with the keys Key and Other.
func New() (*Server, error) {
	const bits = 2048
	signer, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		return nil, err
	}
	s := &Server{
		Faults: &httpfault.Switch{Error: writeStatus}, signer: signer, Universe: "googleapis.com",
		keys: map[string]*cryptoKey{}, tokens: map[string]grant{}, denied: map[string]bool{}, buckets: map[string]map[string]*object{}, projects: map[string]string{Project: ""},
	}
	s.AddKey(Key)
	s.AddKey(Other)
	s.http = httptest.NewServer(s.Faults.Around(s))
	return s, nil
}

// Close ends the server.
func (s *Server) Close() {
	s.http.CloseClientConnections()
	s.http.Close()
}

// URL is the address of the server.
func (s *Server) URL() string { return s.http.URL }

// MetadataHost is what GCE_METADATA_HOST is set to.
func (s *Server) MetadataHost() string { return strings.TrimPrefix(s.http.URL, "http://") }

// Deny takes a permission on all keys away from a principal.
func (s *Server) Deny(principal, permission string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.denied[principal+" "+permission] = true
}

// SetProject says what becomes of calls that name a project for their quota:
// reason "" lets them pass, USER_PROJECT_DENIED and SERVICE_DISABLED are as
// Google has them.
func (s *Server) SetProject(project, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.projects[project] = reason
}

func (s *Server) now() time.Time {
	if s.Now == nil {
		return time.Now()
	}
	return s.Now()
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	switch {
	case path == "/token":
		s.token(w, r)
	case path == "/v1/token":
		s.exchange(w, r)
	case strings.HasPrefix(path, "/computeMetadata/") || path == "/":
		s.metadata(w, r)
	case strings.HasPrefix(path, "/v1/projects/-/serviceAccounts/"):
		s.impersonate(w, r)
	case strings.HasPrefix(path, "/storage/v1/b/"), strings.HasPrefix(path, "/upload/storage/v1/b/"):
		s.storage(w, r)
	case strings.HasPrefix(path, "/v1/projects/"):
		s.kms(w, r)
	default:
		page404(w)
	}
}

// page404 is what Google's front end says of a path that no service has.
func page404(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html; charset=UTF-8")
	w.WriteHeader(http.StatusNotFound)
	fmt.Fprint(w, "<!DOCTYPE html><html lang=en><title>Error 404 (Not Found)!!1</title>")
}

// A refusal is an answer of a Google API that is no success.
type refusal struct {
	code            int
	status, message string
	reason          string // of the ErrorInfo, if there is one
	metadata        map[string]string
}

func refuse(code int, status, format string, args ...any) *refusal {
	return &refusal{code: code, status: status, message: fmt.Sprintf(format, args...)}
}

func (e *refusal) because(reason string, metadata map[string]string) *refusal {
	e.reason, e.metadata = reason, metadata
	return e
}

func (e *refusal) write(w http.ResponseWriter) {
	inner := map[string]any{"code": e.code, "message": e.message, "status": e.status}
	if e.reason != "" {
		inner["details"] = []any{map[string]any{
			"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": e.reason, "domain": "googleapis.com", "metadata": e.metadata,
		}}
	}
	writeJSON(w, e.code, map[string]any{"error": inner})
}

func writeStatus(w http.ResponseWriter, status int) {
	if status == http.StatusTooManyRequests {
		refuse(status, "RESOURCE_EXHAUSTED", "Quota exceeded for quota metric 'Cryptographic requests'").write(w)
		return
	}
	refuse(status, "INTERNAL", "Internal error encountered.").write(w)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
