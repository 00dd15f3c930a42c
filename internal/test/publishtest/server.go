// Package publishtest is Amazon S3, AWS Secrets Manager and the Parameter Store
// of AWS Systems Manager on one machine, for tests of what publishes to them. It
// is written from the public descriptions, and strict: signatures, dates, hashes
// of bodies, names, sizes and members are checked, and a request that no correct
// client sends is refused and kept as a complaint.
//
//	s := publishtest.New()
//	defer s.Close()
//	s.AddBucket("backups", publishtest.Region)
//	... AWS_ENDPOINT_URL_S3=s.URL, AWS_ACCESS_KEY_ID=publishtest.AccessKey ...
//	s.Deny("s3:GetObject")
package publishtest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/test/httpfault"
)

// What the server knows from the start.
const (
	Region    = "eu-west-1"
	AccessKey = "AKIAPUBLISHTEST00001"
	SecretKey = "publishtest/secret/key"
)

// A Server is the double of all three services. Its methods may be called while
// it serves.
type Server struct {
	*httptest.Server
	Faults *httpfault.Switch
	// Now is the clock; nil is time.Now.
	Now func() time.Time

	mu         sync.Mutex
	buckets    map[string]*bucket
	secrets    map[string]*secret
	parameters map[string]*parameter
	denied     map[string]bool
	throttled  int // how many more JSON calls are
	calls      httpfault.Record[string]
	complaints httpfault.Record[string]
}

// New starts a server without buckets, secrets and parameters.
func New() *Server {
	s := &Server{buckets: map[string]*bucket{}, secrets: map[string]*secret{}, parameters: map[string]*parameter{}, denied: map[string]bool{}}
	s.Faults = &httpfault.Switch{Error: func(w http.ResponseWriter, status int) {
		refuse("InternalError", status, "We encountered an internal error. Please try again.").write(w, "s3")
	}}
	s.Server = httptest.NewServer(s.Faults.Around(http.HandlerFunc(s.serve)))
	return s
}

// Close ends the server, also what hangs.
func (s *Server) Close() {
	s.Server.CloseClientConnections()
	s.Server.Close()
}

// Deny takes a permission away: s3:GetObject.
func (s *Server) Deny(action string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.denied[action] = true
}

// Throttle refuses the next n calls of Secrets Manager and the Parameter Store.
func (s *Server) Throttle(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.throttled = n
}

// Calls returns the calls since it was last called: secretsmanager:CreateSecret.
func (s *Server) Calls() []string { return s.calls.Take() }

// Complaints returns what no correct client sends, since it was last called.
func (s *Server) Complaints() []string { return s.complaints.Take() }

// A refusal is an answer that is no success.
type refusal struct {
	code, message string
	status        int
	region        string // of the bucket
}

func refuse(code string, status int, format string, args ...any) *refusal {
	return &refusal{code: code, status: status, message: fmt.Sprintf(format, args...)}
}

func (r *refusal) write(w http.ResponseWriter, service string) {
	if service == "s3" {
		w.Header().Set("Content-Type", "application/xml")
		if r.region != "" {
			w.Header().Set("X-Amz-Bucket-Region", r.region)
		}
		w.WriteHeader(r.status)
		fmt.Fprintf(w, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>%s</Code><Message>%s</Message><RequestId>0</RequestId></Error>", r.code, r.message)
		return
	}
	answer(w, r.status, map[string]any{"__type": r.code, "message": r.message})
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func (s *Server) complain(r *http.Request, format string, args ...any) {
	s.complaints.Add(r.Method + " " + r.URL.Path + ": " + fmt.Sprintf(format, args...))
}

func (s *Server) now() time.Time {
	if s.Now == nil {
		return time.Now()
	}
	return s.Now()
}

// serve finds out by the signature which service is meant.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	const most = 10 << 20
	body, err := io.ReadAll(io.LimitReader(r.Body, most))
	if err != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	scope, refused := s.verify(r, body)
	switch {
	case refused != nil:
		s.complain(r, "%s: %s", refused.code, refused.message)
		refused.write(w, scope.service)
	case scope.service == "s3":
		s.s3(w, r, scope, body)
	default:
		s.json(w, r, scope.service, body)
	}
}

// json serves the two services that speak JSON.
func (s *Server) json(w http.ResponseWriter, r *http.Request, service string, body []byte) {
	targets := map[string]string{"secretsmanager": "secretsmanager.", "ssm": "AmazonSSM."}
	action, ok := strings.CutPrefix(r.Header.Get("X-Amz-Target"), targets[service])
	in := map[string]any{}
	d := json.NewDecoder(strings.NewReader(string(body)))
	switch {
	case !ok || targets[service] == "" || r.Method != http.MethodPost || r.URL.Path != "/":
		s.complain(r, "no operation of %s", service)
		refuse("UnknownOperationException", http.StatusBadRequest, "").write(w, service)
		return
	case r.Header.Get("Content-Type") != "application/x-amz-json-1.1" || d.Decode(&in) != nil:
		s.complain(r, "the body is not JSON 1.1")
		refuse("SerializationException", http.StatusBadRequest, "").write(w, service)
		return
	}
	name := service + ":" + action
	s.calls.Add(name)
	if s.throttled > 0 {
		s.throttled--
		refuse("ThrottlingException", http.StatusBadRequest, "Rate exceeded").write(w, service)
		return
	}
	if s.denied[name] {
		refuse("AccessDeniedException", http.StatusBadRequest, "User: arn:aws:iam::1:user/u is not authorized to perform: %s", name).write(w, service)
		return
	}
	serve := s.secretsmanager
	if service == "ssm" {
		serve = s.ssm
	}
	out, refused := serve(r, action, in)
	switch {
	case refused != nil:
		refused.write(w, service)
	case out == nil: // an empty body is the answer
	default:
		answer(w, http.StatusOK, out)
	}
}

// members refuses a request that has others than these.
func (s *Server) members(r *http.Request, in map[string]any, known ...string) {
	for name := range in {
		found := false
		for _, k := range known {
			found = found || k == name
		}
		if !found {
			s.complain(r, "the member %s", name)
		}
	}
}

func text(in map[string]any, name string) string {
	t, _ := in[name].(string)
	return t
}

// tagsOf reads [{"Key": ..., "Value": ...}].
func tagsOf(in map[string]any) map[string]string {
	all := map[string]string{}
	list, _ := in["Tags"].([]any)
	for _, one := range list {
		if pair, ok := one.(map[string]any); ok {
			all[text(pair, "Key")] = text(pair, "Value")
		}
	}
	return all
}

func tagList(all map[string]string) []map[string]string {
	list := []map[string]string{}
	for key, value := range all {
		list = append(list, map[string]string{"Key": key, "Value": value})
	}
	return list
}
