package vault_test

import (
	"bytes"
	"context"
	"encoding/pem"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/internal/test/httpfault"
	"github.com/seed-1f7fdfb8/sops/internal/test/vaulttest"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/vault"
	"github.com/seed-1f7fdfb8/sops/keeper/vault/vaultkey"
)

// A world is a server with the key transit/app, and the environment of a user.
type world struct {
	*vaulttest.Server
	home string
	vars map[string]string

	mu   sync.Mutex
	note []string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{Server: vaulttest.New(), home: t.TempDir()}
	t.Cleanup(w.Close)
	w.AddKey("transit", "app", vaulttest.AES)
	w.vars = map[string]string{"HOME": w.home, "VAULT_TOKEN": w.Token(vaulttest.All()), "VAULT_MAX_RETRIES": "0"}
	return w
}

func (w *world) keeper(vars ...string) *vault.Keeper {
	all := maps.Clone(w.vars)
	for i := 0; i+1 < len(vars); i += 2 {
		all[vars[i]] = vars[i+1]
	}
	return vault.New(vault.Options{
		Env: env.Map(all), Attempt: 2 * time.Second, Note: func(msg string) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.note = append(w.note, msg)
		},
		Now: func() time.Time { return time.Unix(1e9, 5) },
	})
}

func key(address, engine, name string) keeper.MasterKey {
	return vaultkey.Kind().Key("vault_address", address, "engine_path", engine, "key_name", name)
}

func secret() keeper.Data { return keeper.NewData(bytes.Repeat([]byte("canary!!"), 4)) }

// wrapped returns the data key of secret under the key transit/app.
func (w *world) wrapped(t *testing.T) keeper.WrappedKey {
	t.Helper()
	out, err := w.keeper().Wrap(t.Context(), key(w.URL, "transit", "app"), secret())
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// fails checks that err is an Error of a cause, says what it must, gives hints
// that hold what they must, and shows neither secrets nor commands.
func fails(t *testing.T, err error, cause vault.Cause, says, advice string) {
	t.Helper()
	var e *vault.Error
	if !errors.As(err, &e) || e.Cause != cause {
		t.Errorf("got %v, want the cause %q", err, cause)
		return
	}
	hints := strings.Join(hint.Hints(err), "\n")
	if !strings.Contains(err.Error(), says) || !strings.Contains(hints, advice) {
		t.Errorf("got %q, hints %q; want %q, %q", err, hints, says, advice)
	}
	if all := err.Error() + hints; strings.Contains(all, "canary") || strings.Contains(all, "hvs.") || strings.ContainsAny(all, "\x1b\u202e") {
		t.Errorf("it shows too much: %q", all)
	}
}

func TestADataKeyIsUnwrappedAsItWasWrapped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.AddNamespace("ns1")
	w.Mount("ns1/a/b/transit")
	w.AddKey("ns1/a/b/transit", "app key", vaulttest.AES)
	for name, c := range map[string]struct {
		m         keeper.MasterKey
		namespace string
	}{
		"plain":               {key(w.URL, "transit", "app"), ""},
		"slashes":             {key(w.URL+"/", "/transit/", "app"), ""},
		"namespace in path":   {key(w.URL, "ns1/a/b/transit", "app key"), ""},
		"namespace in header": {key(w.URL, "a/b/transit", "app key"), "ns1"},
	} {
		k := w.keeper("VAULT_NAMESPACE", c.namespace)
		out, err := k.Wrap(t.Context(), c.m, secret())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !strings.HasPrefix(out.Enc, "vault:v1:") || !out.Created.Equal(time.Unix(1e9, 0)) || out.EntryID() != c.m.EntryID() {
			t.Errorf("%s: wrapped %+v", name, out)
		}
		if d, err := k.Unwrap(t.Context(), out); err != nil || !d.Equal(secret()) {
			t.Errorf("%s: %v, %v", name, d, err)
		}
	}
	if all := w.Complaints(); len(all) > 0 {
		t.Errorf("the server complains: %q", all)
	}
}

func TestAnOldVersionOpensAfterARotation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	old := w.wrapped(t)
	w.RotateKey("transit", "app")
	k := w.keeper()
	if d, err := k.Unwrap(t.Context(), old); err != nil || !d.Equal(secret()) {
		t.Error(err)
	}
	if fresh := w.wrapped(t); !strings.HasPrefix(fresh.Enc, "vault:v2:") {
		t.Errorf("got %s", fresh.Enc)
	}
	w.SetMinDecryption("transit", "app", 2)
	_, err := k.Unwrap(t.Context(), old)
	fails(t, err, vault.TooOld, "too old", "vault read -address="+w.URL+" transit/keys/app")
}

func TestRefusalsSayWhatHelps(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good := w.wrapped(t)
	w.AddKey("transit", "signs", vaulttest.Ed25519)
	w.AddKey("transit", "derived", vaulttest.Derived)
	w.AddKey("transit", "other", vaulttest.AES)
	narrow := w.Token(vaulttest.Policy{"transit/encrypt/app": {"update"}})
	unwrap := func(m keeper.MasterKey, vars ...string) error {
		_, err := w.keeper(vars...).Unwrap(t.Context(), keeper.WrappedKey{MasterKey: m, Enc: good.Enc})
		return err
	}
	wrap := func(m keeper.MasterKey, vars ...string) error {
		_, err := w.keeper(vars...).Wrap(t.Context(), m, secret())
		return err
	}
	app := key(w.URL, "transit", "app")
	fails(t, unwrap(app, "VAULT_TOKEN", "wrong"), vault.TokenRefused, "403: permission denied (token from VAULT_TOKEN)", "vault login -address="+w.URL)
	fails(t, unwrap(app, "VAULT_TOKEN", narrow), vault.PolicyDenies, "by the policy of the token", `path "transit/decrypt/app" { capabilities = ["update"] }`)
	fails(t, wrap(key(w.URL, "transit", "new"), "VAULT_TOKEN", narrow), vault.PolicyDenies, "403", "vault write -address="+w.URL+" -f transit/keys/new")
	fails(t, unwrap(app, "VAULT_TOKEN", ""), vault.NoToken, "there is no Vault token: VAULT_TOKEN is not set, there is no ~/.vault-token", "vault login -address=")
	fails(t, unwrap(app, "VAULT_TOKEN", "a\nb"), vault.NoToken, "VAULT_TOKEN holds a character that no token has", "")
	fails(t, unwrap(key(w.URL, "nowhere", "app")), vault.NoMount, "no handler for route", "vault secrets list -address=")
	fails(t, unwrap(key(w.URL, "transit", "gone")), vault.NoKey, "encryption key not found", "vault list -address="+w.URL+" transit/keys")
	fails(t, unwrap(key(w.URL, "transit", "other")), vault.WrongKey, "message authentication failed", "git log -p -- FILE")
	fails(t, wrap(key(w.URL, "transit", "signs")), vault.WrongType, "not supported", "vault read")
	fails(t, wrap(key(w.URL, "transit", "derived")), vault.WrongType, "context", "vault read")
	w.Seal(true)
	fails(t, unwrap(app), vault.Unavailable, "503: Vault is sealed", "vault status -address=")
	w.Seal(false)
	_, err := w.keeper().Unwrap(t.Context(), keeper.WrappedKey{MasterKey: app, Enc: "vault:v1:a\nb"})
	fails(t, err, vault.BadCiphertext, "does not have the form vault:v1:BASE64", "git log")
	if all := w.Complaints(); len(all) > 0 {
		t.Errorf("the server complains: %q", all)
	}
}

func TestStrangeAnswersAreNamed(t *testing.T) {
	t.Parallel()
	causes := map[string]vault.Cause{
		"throttled": vault.Throttled, "standby": vault.Unavailable, "stale": vault.Unavailable, "other key": vault.WrongKey, "wants TLS": vault.WantsTLS,
		"commands": vault.Refused, "null": vault.BadAnswer, "wrapped": vault.BadAnswer, "junk": vault.BadAnswer, "cut short": vault.BadAnswer,
	}
	for name, reply := range vaulttest.Replies() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			good := w.wrapped(t)
			w.Reply(reply, 0)
			_, err := w.keeper().Unwrap(t.Context(), good)
			fails(t, err, causes[name], "cannot decrypt the data key: ", "")
			_, err = w.keeper().Wrap(t.Context(), good.MasterKey, secret())
			fails(t, err, causes[name], "cannot encrypt the data key: ", "")
		})
	}
}

func TestFaultsEndInTime(t *testing.T) {
	t.Parallel()
	for _, mode := range httpfault.Modes() {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			good := w.wrapped(t)
			w.Faults.Set(httpfault.Fault{Mode: mode, Delay: time.Millisecond})
			start := time.Now()
			d, err := w.keeper().Unwrap(t.Context(), good)
			if mode == httpfault.Slow {
				if err != nil || !d.Equal(secret()) {
					t.Errorf("%v", err)
				}
				return
			}
			var e *vault.Error
			if !errors.As(err, &e) || d.Len() > 0 {
				t.Errorf("got %v", err)
			}
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}

func TestACallEndsWithItsContext(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good := w.wrapped(t)
	w.Faults.Set(httpfault.Fault{Mode: httpfault.Hang})
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, err := w.keeper().Unwrap(ctx, good); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestAPassingFailureIsRepeated(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good := w.wrapped(t)
	for _, name := range []string{"throttled", "standby", "stale"} {
		w.Reply(vaulttest.Replies()[name], 1)
		if _, err := w.keeper("VAULT_MAX_RETRIES", "2").Unwrap(t.Context(), good); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAKeeperIsUsedByMany(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	k, good := w.keeper(), w.wrapped(t)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			if d, err := k.Unwrap(t.Context(), good); err != nil || !d.Equal(secret()) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestTLSIsSetUpAsForTheVaultCommand(t *testing.T) {
	t.Parallel()
	s := vaulttest.NewTLS()
	t.Cleanup(s.Close)
	s.AddKey("transit", "app", vaulttest.AES)
	authority := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
	dir := t.TempDir()
	file := filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(file, []byte(authority), 0o600); err != nil {
		t.Fatal(err)
	}
	try := func(vars ...string) error {
		all := map[string]string{"VAULT_TOKEN": s.Token(vaulttest.All())}
		for i := 0; i < len(vars); i += 2 {
			all[vars[i]] = vars[i+1]
		}
		_, err := vault.New(vault.Options{Env: env.Map(all)}).Wrap(t.Context(), key(s.URL, "transit", "app"), secret())
		return err
	}
	fails(t, try(), vault.Untrusted, "x509", "VAULT_CACERT")
	for _, vars := range [][]string{
		{"VAULT_CACERT", file},
		{"BAO_CACERT", file, "VAULT_CACERT", "nowhere"},
		{"VAULT_CACERT_BYTES", authority},
		{"VAULT_CAPATH", dir},
		{"VAULT_SKIP_VERIFY", "true"},
		{"VAULT_CACERT", file, "VAULT_TLS_SERVER_NAME", "example.com"},
	} {
		if err := try(vars...); err != nil {
			t.Errorf("%.60q: %v", vars, err)
		}
	}
	for _, c := range []struct{ name, value, says string }{
		{"VAULT_SKIP_VERIFY", "x", `VAULT_SKIP_VERIFY: "x" is neither true nor false`},
		{"BAO_SKIP_VERIFY", "x", `BAO_SKIP_VERIFY: "x" is neither true nor false`},
		{"VAULT_CACERT", "nowhere", "VAULT_CACERT: "},
		{"VAULT_CACERT_BYTES", "x", "VAULT_CACERT_BYTES: there is no certificate in PEM"},
		{"VAULT_CAPATH", t.TempDir(), "VAULT_CAPATH: "},
		{"VAULT_CLIENT_CERT", file, "VAULT_CLIENT_CERT is set, but VAULT_CLIENT_KEY is not"},
		{"VAULT_CLIENT_TIMEOUT", "soon", `VAULT_CLIENT_TIMEOUT: "soon" is not a time`},
		{"VAULT_MAX_RETRIES", "-1", `VAULT_MAX_RETRIES: "-1" is not a number`},
		{"VAULT_HEADERS", "canary", "VAULT_HEADERS is not a JSON object"},
		{"VAULT_HTTP_PROXY", "canary", "VAULT_HTTP_PROXY is not the URL of a proxy"},
		{"SOPS_HC_VAULT_ALLOWLIST", "vault.example.com", `SOPS_HC_VAULT_ALLOWLIST: "vault.example.com" is not the address of a server`},
	} {
		fails(t, try(c.name, c.value), vault.BadSettings, c.says, "")
	}
}
