// Package vaultkv publishes the decrypted content of files to the key-value
// engine of HashiCorp Vault and OpenBao, in both of its versions.
package vaultkv

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/publish"
	"github.com/seed-1f7fdfb8/sops/internal/rest"
	"github.com/seed-1f7fdfb8/sops/keeper/vault"
)

// A Secret is what a file becomes.
type Secret struct {
	Client  *vault.Client
	Mount   string // "" is secret
	Path    string // below the mount
	Version int    // of the engine, 1 or 2; 0 is 2
	Content *publish.Content

	revision *int // of what is there, nil if it is not known
}

// mount is the one that counts.
func (s *Secret) mount() string {
	if m := strings.Trim(s.Mount, "/"); m != "" {
		return m
	}
	return "secret"
}

// path is where the secret is, without v1/.
func (s *Secret) path() string {
	if s.Version == 1 {
		return s.mount() + "/" + strings.Trim(s.Path, "/")
	}
	return s.mount() + "/data/" + strings.Trim(s.Path, "/")
}

func (s *Secret) String() string { return s.Client.Address() + "/v1/" + s.path() }

// Compare reads the secret that is there.
func (s *Secret) Compare(ctx context.Context) (publish.Difference, error) {
	if err := s.checkMount(ctx); err != nil {
		return publish.Difference{}, err
	}
	data, err := s.Client.Do(ctx, http.MethodGet, s.path(), nil)
	var refused *vault.Refusal
	switch {
	case errors.As(err, &refused) && refused.Status == http.StatusNotFound:
		data = refused.Data // of a deleted version
	case errors.As(err, &refused) && refused.IsDenied():
		return publish.Difference{State: publish.Unknown}, nil
	case err != nil:
		return publish.Difference{}, err
	}
	if s.Version != 1 {
		if data, err = s.latest(data); err != nil {
			return publish.Difference{}, err
		}
	}
	return publish.Whole(s.Content, publish.Decode(data)), nil
}

// latest returns the data of the newest version, and notes its number.
func (s *Secret) latest(data json.RawMessage) (json.RawMessage, error) {
	var out struct {
		Data     json.RawMessage `json:"data"`
		Metadata struct {
			Version int `json:"version"`
		} `json:"metadata"`
	}
	if len(data) > 0 && json.Unmarshal(data, &out) != nil || len(out.Data) > 0 && out.Metadata.Version < 1 {
		return nil, &rest.ForeignError{Host: s.Client.Address(), Status: http.StatusOK}
	}
	s.revision = &out.Metadata.Version
	return out.Data, nil
}

// checkMount refuses a mount of another engine or version, where the token may
// see what it is: a server of version 1 takes what is for version 2, and keeps
// it where it is not looked for.
func (s *Secret) checkMount(ctx context.Context) error {
	data, err := s.Client.Do(ctx, http.MethodGet, "sys/internal/ui/mounts/"+s.mount(), nil)
	if errors.As(err, new(*vault.Refusal)) {
		return nil // what is wrong, if anything is, the next call finds out
	}
	var out struct {
		Type    string `json:"type"`
		Options struct {
			Version string `json:"version"`
		} `json:"options"`
	}
	if err == nil && json.Unmarshal(data, &out) != nil {
		err = &rest.ForeignError{Host: s.Client.Address(), Status: http.StatusOK}
	}
	if err != nil {
		return err
	}
	is, want := 1, 2
	if out.Options.Version == "2" {
		is = 2
	}
	if s.Version == 1 {
		want = 1
	}
	switch {
	case out.Type == "":
		return nil
	case out.Type != "kv" && out.Type != "generic":
		return &MountError{fmt.Sprintf("the mount %s has the engine %q, not the key-value engine", s.mount(), out.Type), "correct vault_kv_mount_name in the destination rule"}
	case is != want:
		return &MountError{fmt.Sprintf("the mount %s has version %d of the key-value engine, not %d", s.mount(), is, want), fmt.Sprintf("write vault_kv_version: %d in the destination rule", is)}
	}
	return nil
}

// A MountError is a mount that does not keep secrets in the way that is meant.
type MountError struct{ Reason, advice string }

func (e *MountError) Error() string { return e.Reason }

// Hints says what to write.
func (e *MountError) Hints() []string { return []string{e.advice} }

// Write writes the secret: in version 2, after the version that was compared and
// after no other.
func (s *Secret) Write(ctx context.Context) error {
	text, err := s.Content.JSON()
	if err != nil {
		return err
	}
	var body any = json.RawMessage(text)
	if s.Version != 1 {
		whole := map[string]any{"data": body}
		if s.revision != nil {
			whole["options"] = map[string]int{"cas": *s.revision}
		}
		body = whole
	}
	data, err := s.Client.Do(ctx, http.MethodPut, s.path(), body)
	var refused *vault.Refusal
	switch {
	case errors.As(err, &refused) && strings.Contains(refused.Message, "check-and-set"):
		return s.conflict(ctx)
	case errors.As(err, &refused):
		refused.Message = s.Content.Scrub(refused.Message)
		return err
	case err != nil || s.Version == 1:
		return err
	}
	var out struct {
		Version int `json:"version"`
	}
	if json.Unmarshal(data, &out) != nil || out.Version < 1 {
		return &rest.ForeignError{Host: s.Client.Address(), Status: http.StatusOK}
	}
	return nil
}

// conflict finds out whether it was our own first attempt, whose answer was
// lost, that changed the secret meanwhile.
func (s *Secret) conflict(ctx context.Context) error {
	d, err := s.Compare(ctx)
	if err == nil && d.State == publish.Same {
		return nil
	}
	return publish.ErrConflict
}
