package huaweitest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// A refusal is an answer that is no success.
type refusal struct {
	status     int
	code, text string
}

func (r refusal) Error() string { return r.text }

func refuse(status int, code, text string) error { return refusal{status, code, text} }

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	const most = 1 << 20
	body, _ := io.ReadAll(io.LimitReader(r.Body, most))
	call := s.calls.Add(Call{Method: r.Method, Path: r.URL.Path})
	if reply, fixed := s.Next(); fixed {
		reply.Write(w, r)
		return
	}
	s.mu.Lock()
	out, err := s.answer(r, body, call)
	s.mu.Unlock()
	w.Header().Set("X-Request-Id", "req-0001")
	var no refusal
	if errors.As(err, &no) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(no.status)
		_ = json.NewEncoder(w).Encode(no.body())
		return
	}
	if text, ok := out.(string); ok {
		_, _ = io.WriteString(w, text)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(out)
}

// body is in one of the shapes that the service and its gateway have.
func (r refusal) body() any {
	if strings.HasPrefix(r.code, "KMS.") {
		return map[string]any{"error": map[string]string{"error_code": r.code, "error_msg": r.text}}
	}
	return map[string]string{"error_code": r.code, "error_msg": r.text, "request_id": "req-0001"}
}

func (s *Server) answer(r *http.Request, body []byte, call int) (any, error) {
	switch {
	case strings.HasPrefix(r.URL.Path, "/meta-data/"), strings.HasPrefix(r.URL.Path, "/openstack/"):
		return s.answerMetadata(r)
	}
	u, err := s.authenticate(r, body)
	if err != nil {
		return nil, err
	}
	s.calls.Change(call, func(c *Call) { c.User = u.name })
	if r.URL.Path == "/v3/projects" {
		return s.answerProjects(r)
	}
	return s.answerKMS(r, body, u)
}

// answerProjects is IAM's list of the projects of a name.
func (s *Server) answerProjects(r *http.Request) (any, error) {
	type project struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	}
	if r.Method != http.MethodGet {
		return nil, refuse(http.StatusMethodNotAllowed, "IAM.0001", "method not allowed")
	}
	list := []project{}
	if r.URL.Query().Get("name") == s.Region {
		list = append(list, project{Project, s.Region})
	}
	return map[string]any{"projects": list}, nil
}

// answerMetadata gives the keys of the machine to who has fetched a token
// first.
func (s *Server) answerMetadata(r *http.Request) (any, error) {
	switch {
	case s.machine == "":
		return nil, refuse(http.StatusNotFound, "404", "no agency")
	case r.Method == http.MethodPut && r.URL.Path == "/meta-data/latest/api/token":
		if r.Header.Get("X-Metadata-Token-Ttl-Seconds") == "" {
			s.complain(r, "no X-Metadata-Token-Ttl-Seconds")
			return nil, refuse(http.StatusBadRequest, "400", "no time to live")
		}
		return s.metadata, nil
	case r.Method == http.MethodGet && r.URL.Path == "/openstack/latest/securitykey":
		if r.Header.Get("X-Metadata-Token") != s.metadata {
			return nil, refuse(http.StatusUnauthorized, "401", "wrong token")
		}
		u := s.users[s.machine]
		return map[string]any{"credential": map[string]string{
			"access": s.machine, "secret": u.secret, "securitytoken": u.security,
			"expires_at": time.Now().Add(time.Hour).UTC().Format("2006-01-02T15:04:05.000000Z"),
		}}, nil
	}
	return nil, refuse(http.StatusNotFound, "404", "no such path")
}

func (s *Server) answerKMS(r *http.Request, body []byte, u user) (any, error) {
	project, operation, ok := kmsPath(r.URL.Path)
	if !ok || operation != "encrypt-data" && operation != "decrypt-data" {
		s.complain(r, "there is no such path")
		return nil, refuse(http.StatusNotFound, "KMS.0201", "Invalid request URL.")
	}
	if r.Method != http.MethodPost {
		return nil, refuse(http.StatusMethodNotAllowed, "KMS.0201", "Invalid request method.")
	}
	if t := r.Header.Get("Content-Type"); !strings.HasPrefix(t, "application/json") {
		s.complain(r, "the content type is "+t)
	}
	if project != Project || r.Header.Get("X-Project-Id") != "" && r.Header.Get("X-Project-Id") != project {
		return nil, refuse(http.StatusForbidden, "APIGW.0302", "The IAM user is forbidden in the currently selected region")
	}
	if h := r.Header.Get("Host"); h != "" {
		s.complain(r, "two hosts")
	}
	var in map[string]string
	d := json.NewDecoder(bytes.NewReader(body))
	if err := d.Decode(&in); err != nil || d.More() {
		s.complain(r, "the body is no object of texts")
		return nil, refuse(http.StatusBadRequest, "KMS.0202", "Invalid JSON format of the request message.")
	}
	if in["encryption_algorithm"] != "SYMMETRIC_DEFAULT" {
		return nil, refuse(http.StatusBadRequest, "KMS.0205", "Invalid parameter: encryption_algorithm.")
	}
	delete(in, "encryption_algorithm")
	if operation == "encrypt-data" {
		return s.encrypt(r, u, in)
	}
	return s.decrypt(r, u, in)
}

func kmsPath(path string) (project, operation string, ok bool) {
	parts := strings.Split(path, "/")
	if len(parts) != 5 || parts[0] != "" || parts[1] != "v1.0" || parts[3] != "kms" { // /v1.0/PROJECT/kms/OPERATION
		return "", "", false
	}
	return parts[2], parts[4], true
}

func (s *Server) complain(r *http.Request, what string) {
	s.complaints.Add(fmt.Sprintf("%s %s: %s", r.Method, r.URL.Path, what))
}
