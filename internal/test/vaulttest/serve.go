package vaulttest

import (
	"encoding/base64"
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
	status int
	text   string
}

func (r refusal) Error() string { return r.text }

func bad(text string) error { return refusal{http.StatusBadRequest, text} }

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	s.calls.Add(Call{
		Method: r.Method, Path: r.URL.Path, Namespace: r.Header.Get("X-Vault-Namespace"), Host: r.Host,
		HasToken: r.Header.Get("X-Vault-Token") != "",
	})
	if reply, fixed := s.Next(); fixed {
		reply.Write(w, r)
		return
	}
	s.mu.Lock()
	data, err := s.answer(r)
	s.mu.Unlock()
	s.write(w, r, data, err)
}

func (s *Server) write(w http.ResponseWriter, r *http.Request, data map[string]any, err error) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	var no refusal
	if errors.As(err, &no) {
		w.WriteHeader(no.status)
		list := []string{}
		if no.text != "" {
			list = append(list, no.text)
		}
		out := map[string]any{"errors": list}
		if data != nil { // of a version that was deleted
			out = map[string]any{"data": data}
		}
		_ = json.NewEncoder(w).Encode(out)
		return
	}
	if data == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	body := map[string]any{
		"request_id": "0d3b5a1c-0000-4000-8000-000000000001", "lease_id": "", "renewable": false, "lease_duration": 0,
		"data": data, "wrap_info": nil, "warnings": nil, "auth": nil,
	}
	if r.Header.Get("X-Vault-Wrap-TTL") != "" {
		body["data"], body["wrap_info"] = nil, map[string]any{"token": "hvs.wrapped", "ttl": 60}
	}
	_ = json.NewEncoder(w).Encode(body)
}

// answer is the server itself, without its faults.
func (s *Server) answer(r *http.Request) (map[string]any, error) {
	path, ok := strings.CutPrefix(r.URL.Path, "/v1/")
	if !ok || path == "" {
		s.complain(r, "the path does not begin with /v1/")
		return nil, refusal{http.StatusNotFound, ""}
	}
	if s.sealed {
		return nil, refusal{http.StatusServiceUnavailable, "Vault is sealed"}
	}
	if err := s.checkHeaders(r); err != nil {
		return nil, err
	}
	if ns := strings.Trim(r.Header.Get("X-Vault-Namespace"), "/"); ns != "" {
		if !s.namespaces[ns] {
			return nil, refusal{http.StatusNotFound, "no handler for route \"" + path + "\". route entry not found."}
		}
		path = ns + "/" + path
	}
	known, ok := s.tokens[r.Header.Get("X-Vault-Token")]
	if !ok || !known.expires.IsZero() && !time.Now().Before(known.expires) {
		return nil, refusal{http.StatusForbidden, "permission denied"}
	}
	if path == "auth/token/lookup-self" {
		return map[string]any{"display_name": "token-test", "policies": []string{"test"}}, nil
	}
	if mount, st := s.storeOf(path); st != nil {
		return s.kv(r, st, mount, path, known.policy)
	}
	if mount, ok := strings.CutPrefix(path, "sys/internal/ui/mounts/"); ok {
		return s.describeMount(r, mount)
	}
	return s.transit(r, path, known.policy)
}

func (s *Server) checkHeaders(r *http.Request) error {
	if r.Header.Get("X-Vault-Request") != "true" {
		s.complain(r, "the header X-Vault-Request is not true")
		return refusal{http.StatusPreconditionFailed, "missing required 'X-Vault-Request' header"}
	}
	if _, has := r.Header["Authorization"]; has {
		s.complain(r, "there is a header Authorization")
	}
	if r.URL.RawQuery != "" {
		s.complain(r, "there is a query")
	}
	return nil
}

// transit serves MOUNT/encrypt/NAME, MOUNT/decrypt/NAME and MOUNT/rewrap/NAME.
func (s *Server) transit(r *http.Request, path string, p Policy) (map[string]any, error) {
	parts := strings.Split(path, "/")
	if len(parts) < 3 { // mount, operation and name
		return nil, noRoute(path)
	}
	mount, verb, name := strings.Join(parts[:len(parts)-2], "/"), parts[len(parts)-2], parts[len(parts)-1]
	keys, ok := s.mounts[mount]
	if !ok || name == "" || verb != "encrypt" && verb != "decrypt" && verb != "rewrap" {
		return nil, noRoute(path)
	}
	if r.Method != http.MethodPost && r.Method != http.MethodPut {
		return nil, refusal{http.StatusMethodNotAllowed, "1 error occurred:\n\t* unsupported operation\n\n"}
	}
	k := keys[name]
	capability := "update"
	if k == nil && verb == "encrypt" {
		capability = "create"
	}
	if !p.allows(path, capability) {
		return nil, refusal{http.StatusForbidden, "1 error occurred:\n\t* permission denied\n\n"}
	}
	in, err := s.read(r)
	if err != nil {
		return nil, err
	}
	if k == nil && verb == "encrypt" {
		k = &key{kind: AES, minDecryption: 1}
		k.rotate()
		keys[name] = k
	}
	if k == nil {
		return nil, bad("encryption key not found")
	}
	if err := k.usable(); err != nil {
		return nil, err
	}
	return s.operate(r, verb, k, in)
}

func noRoute(path string) error {
	return refusal{http.StatusNotFound, fmt.Sprintf("no handler for route %q. route entry not found.", path)}
}

// read returns the texts of the body, which must be one JSON object of texts.
func (s *Server) read(r *http.Request) (map[string]string, error) {
	if t := r.Header.Get("Content-Type"); t != "application/json" {
		s.complain(r, "the content type is "+t)
	}
	const most = 1 << 20
	body, err := io.ReadAll(io.LimitReader(r.Body, most))
	var in map[string]string
	if err == nil {
		err = json.Unmarshal(body, &in)
	}
	if err != nil {
		s.complain(r, "the body is no object of texts")
		return nil, bad("failed to parse JSON input: " + err.Error())
	}
	return in, nil
}

func (s *Server) operate(r *http.Request, verb string, k *key, in map[string]string) (map[string]any, error) {
	want := "ciphertext"
	if verb == "encrypt" {
		want = "plaintext"
	}
	for name := range in {
		if name != want {
			s.complain(r, "the body has the member "+name)
		}
	}
	text, ok := in[want]
	if !ok || text == "" && verb != "encrypt" {
		return nil, bad("missing " + want + " to " + verb)
	}
	if verb == "encrypt" {
		plain, err := base64.StdEncoding.Strict().DecodeString(text)
		if err != nil || strings.ContainsAny(text, "\r\n") {
			s.complain(r, "the plaintext is not standard base64")
			return nil, bad("failed to base64-decode plaintext")
		}
		return encrypted(k.encrypt(plain))
	}
	plain, err := k.decrypt(text)
	if err != nil {
		return nil, err
	}
	if verb == "rewrap" {
		return encrypted(k.encrypt(plain))
	}
	return map[string]any{"plaintext": base64.StdEncoding.EncodeToString(plain)}, nil
}

func encrypted(text string, version int, err error) (map[string]any, error) {
	return map[string]any{"ciphertext": text, "key_version": version}, err
}

func (s *Server) complain(r *http.Request, what string) {
	s.complaints.Add(r.Method + " " + r.URL.Path + ": " + what)
}
