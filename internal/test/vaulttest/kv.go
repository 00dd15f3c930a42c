package vaulttest

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// A store is a mount of the key-value engine.
type store struct {
	version int // of the engine
	secrets map[string]*versions
}

// versions are those of one secret; the engine of version 1 keeps one.
type versions struct {
	all     []json.RawMessage
	deleted bool // the newest one
}

// AddStore adds a mount of the key-value engine, of version 1 or 2.
func (s *Server) AddStore(mount string, version int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stores[mount] = &store{version, map[string]*versions{}}
}

// Secret returns what a path below a mount has, "" if it has nothing, and how
// often it was written.
func (s *Server) Secret(mount, path string) (value string, version int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.stores[mount].secrets[path]
	if v == nil || v.deleted {
		return "", 0
	}
	return string(v.all[len(v.all)-1]), len(v.all)
}

// SetSecret writes a secret, as another program would.
func (s *Server) SetSecret(mount, path, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stores[mount].write(path, json.RawMessage(value))
}

// DeleteSecret deletes the newest version.
func (s *Server) DeleteSecret(mount, path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stores[mount].secrets[path].deleted = true
}

func (st *store) write(path string, value json.RawMessage) int {
	v := st.secrets[path]
	if v == nil {
		v = &versions{}
		st.secrets[path] = v
	}
	v.all, v.deleted = append(v.all, value), false
	return len(v.all)
}

func (s *Server) storeOf(path string) (mount string, st *store) {
	for mount, st := range s.stores {
		if strings.HasPrefix(path, mount+"/") {
			return mount, st
		}
	}
	return "", nil
}

// describeMount says of which engine a mount is.
func (s *Server) describeMount(r *http.Request, mount string) (map[string]any, error) {
	if r.Method != http.MethodGet {
		return nil, refusal{http.StatusMethodNotAllowed, "unsupported operation"}
	}
	if st := s.stores[mount]; st != nil {
		return map[string]any{"type": "kv", "path": mount + "/", "options": map[string]any{"version": strconv.Itoa(st.version)}}, nil
	}
	if _, ok := s.mounts[mount]; ok {
		return map[string]any{"type": "transit", "path": mount + "/", "options": nil}, nil
	}
	return nil, refusal{http.StatusForbidden, "preflight capability check returned 403, please ensure client's policies grant access to path \"" + mount + "/\""}
}

// kv serves MOUNT/PATH of version 1 and MOUNT/data/PATH of version 2.
func (s *Server) kv(r *http.Request, st *store, mount, path string, p Policy) (map[string]any, error) {
	name := strings.TrimPrefix(path, mount+"/")
	if st.version == 2 {
		below, ok := strings.CutPrefix(name, "data/")
		if !ok {
			return nil, refusal{http.StatusNotFound, ""}
		}
		name = below
	}
	capability := map[string][]string{http.MethodGet: {"read"}, http.MethodPut: {"update", "create"}, http.MethodPost: {"update", "create"}}[r.Method]
	switch {
	case capability == nil || name == "":
		s.complain(r, "no operation of the key-value engine that is known here")
		return nil, refusal{http.StatusMethodNotAllowed, "1 error occurred:\n\t* unsupported operation\n\n"}
	case !p.allows(path, capability...):
		return nil, refusal{http.StatusForbidden, "1 error occurred:\n\t* permission denied\n\n"}
	case r.Method == http.MethodGet:
		return st.read(name)
	case st.version == 1:
		return nil, s.writeFirst(r, st, name)
	}
	return s.writeSecond(r, st, name)
}

func (st *store) read(name string) (map[string]any, error) {
	v := st.secrets[name]
	if v == nil {
		return nil, refusal{http.StatusNotFound, ""}
	}
	last := v.all[len(v.all)-1]
	if st.version == 1 {
		var out map[string]any
		return out, json.Unmarshal(last, &out)
	}
	metadata := map[string]any{"version": len(v.all), "deletion_time": ""}
	if v.deleted {
		metadata["deletion_time"] = "2026-12-01T00:00:00Z"
		return map[string]any{"data": nil, "metadata": metadata}, refusal{http.StatusNotFound, ""}
	}
	return map[string]any{"data": last, "metadata": metadata}, nil
}

// body reads a JSON object.
func (s *Server) body(r *http.Request, to any) error {
	if t := r.Header.Get("Content-Type"); t != "" && t != "application/json" {
		s.complain(r, "the content type is "+t)
	}
	const most = 1 << 20
	text, err := io.ReadAll(io.LimitReader(r.Body, most))
	if err == nil {
		err = json.Unmarshal(text, to)
	}
	if err != nil {
		s.complain(r, "the body is no JSON object")
		return bad("error parsing JSON")
	}
	return nil
}

func (s *Server) writeFirst(r *http.Request, st *store, name string) error {
	var value map[string]json.RawMessage
	if err := s.body(r, &value); err != nil {
		return err
	}
	text, err := json.Marshal(value)
	st.write(name, text)
	return err
}

func (s *Server) writeSecond(r *http.Request, st *store, name string) (map[string]any, error) {
	var in struct {
		Data    map[string]json.RawMessage
		Options map[string]int
	}
	if err := s.body(r, &in); err != nil {
		return nil, err
	}
	if in.Data == nil {
		return nil, bad("no data provided")
	}
	now := 0
	if v := st.secrets[name]; v != nil {
		now = len(v.all)
	}
	if cas, ok := in.Options["cas"]; ok && cas != now {
		return nil, bad("check-and-set parameter did not match the current version")
	}
	text, err := json.Marshal(in.Data)
	return map[string]any{"version": st.write(name, text), "deletion_time": ""}, err
}
