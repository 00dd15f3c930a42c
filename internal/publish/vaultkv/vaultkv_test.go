package vaultkv

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/publish"
	"github.com/seed-1f7fdfb8/sops/internal/test/httpfault"
	"github.com/seed-1f7fdfb8/sops/internal/test/vaulttest"
	"github.com/seed-1f7fdfb8/sops/keeper/vault"
	"github.com/seed-1f7fdfb8/sops/tree"
)

func secret(t *testing.T, version int) (*Secret, *vaulttest.Server) {
	t.Helper()
	s := vaulttest.New()
	t.Cleanup(s.Close)
	s.AddStore("kv", version)
	token := s.Token(vaulttest.All())
	k := vault.New(vault.Options{Env: func(name string) (string, bool) {
		if name == "VAULT_TOKEN" {
			return token, true
		}
		return "", false
	}})
	client, err := k.Client(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	c, err := publish.NewContent([]*tree.Map{{Items: []tree.Item{{Key: "a", Value: tree.Text("canary")}}}})
	if err != nil {
		t.Fatal(err)
	}
	return &Secret{Client: client, Mount: "kv", Path: "p", Version: version, Content: c}, s
}

func TestNoFaultIsTakenForAWrite(t *testing.T) {
	t.Parallel()
	for _, mode := range httpfault.Modes() {
		for version := 1; version <= 2; version++ {
			one, s := secret(t, version)
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			if d, err := one.Compare(ctx); err != nil || d.State != publish.New {
				t.Fatalf("%s: %v, %v", mode, d.State, err)
			}
			s.Faults.Set(httpfault.Fault{Mode: mode, Delay: 10 * time.Millisecond})
			err := one.Write(ctx)
			cancel()
			if _, n := s.Secret("kv", "p"); (err == nil) != (n > 0) {
				t.Errorf("%s, version %d: error %v, and the secret has %d versions", mode, version, err, n)
			}
			if err != nil && strings.Contains(err.Error(), "canary") {
				t.Errorf("the error has a value: %v", err)
			}
		}
	}
}

func TestASecretThatChangedMeanwhileIsNotOverwritten(t *testing.T) {
	t.Parallel()
	one, s := secret(t, 2)
	if _, err := one.Compare(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.SetSecret("kv", "p", `{"a":"theirs"}`)
	if err := one.Write(t.Context()); !errors.Is(err, publish.ErrConflict) {
		t.Errorf("got %v", err)
	}
	if got, _ := s.Secret("kv", "p"); got != `{"a":"theirs"}` {
		t.Errorf("got %s", got)
	}
}
