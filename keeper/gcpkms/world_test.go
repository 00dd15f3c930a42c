package gcpkms

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"testing"

	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/internal/test/gcptest"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// A world is a Google Cloud with the variables that lead to it.
type world struct {
	*gcptest.Server
	dir  string
	vars map[string]string
}

// newWorld has no credentials but those of the machine.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{Server: gcptest.Start(t), dir: t.TempDir()}
	w.vars = map[string]string{varEndpoint: w.URL(), varMetadata: w.MetadataHost(), "HOME": w.dir, "APPDATA": w.dir}
	return w
}

func (w *world) keeper() *Keeper { return New(Options{Env: env.Map(w.vars)}) }

// file writes a file of credentials.
func (w *world) file(t *testing.T, name string, src []byte) string {
	t.Helper()
	path := filepath.Join(w.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, src, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const secret = "canary-canary-canary-canary-0123"

func key(id string) keeper.MasterKey { return keeper.Undescribed(keeper.GCP, fieldID, id) }

func (w *world) wrap(t *testing.T) keeper.WrappedKey {
	t.Helper()
	out, err := w.tokenKeeper().Wrap(t.Context(), key(gcptest.Key), keeper.NewData([]byte(secret)))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// tokenKeeper is one with a token of its own, whatever else is set.
func (w *world) tokenKeeper() *Keeper {
	return New(Options{Env: env.Map(map[string]string{varEndpoint: w.URL(), varToken: w.Token("wrapper@example.test")})})
}

// damage changes a byte of the ciphertext.
func damage(w keeper.WrappedKey) keeper.WrappedKey {
	blob, err := base64.StdEncoding.DecodeString(w.Enc)
	if err != nil {
		panic(err)
	}
	blob[len(blob)/2] ^= 1
	w.Enc = base64.StdEncoding.EncodeToString(blob)
	return w
}
