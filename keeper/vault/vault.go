// Package vault wraps data keys under keys of the transit engine of HashiCorp
// Vault and OpenBao.
//
// An entry names the server, the mount of the engine and the key. The wrapped
// key is the text that the server answers with, which begins with the version
// of the key:
//
//	vault_address: https://vault.example.com:8200
//	engine_path: transit
//	key_name: app
//	enc: vault:v1:8SDd3WHDOjf7mq69CyCqYjBXAiQQAVZRkFM13ok481zoCmHnSeDX9vyf7w==
//
// A wrap is one POST to MOUNT/encrypt/NAME and an unwrap one to
// MOUNT/decrypt/NAME; a token needs the capability update on these two paths
// and no other. The token is the one that the vault command uses, and so are
// the settings of TLS, with the variables of OpenBao before those of Vault.
//
// A file says which server is asked, and whoever can change the file can change
// that. A token is sent over TLS, to this machine, and to the server that
// VAULT_ADDR names; SOPS_HC_VAULT_ALLOWLIST narrows that further.
package vault

import (
	"context"
	"encoding/base64"
	"net/http"
	"regexp"
	"sync"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/deadline"
	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/internal/kept"
	"github.com/seed-1f7fdfb8/sops/internal/rest"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// Options is what a Keeper needs of the world. The zero value is that of the
// process.
type Options struct {
	// Env is where VAULT_*, BAO_* and HOME are looked up; nil is the environment
	// of the process. The proxies are those of the process itself.
	Env func(name string) (value string, set bool)
	// Attempt is how long one attempt of a call may take; 0 means
	// VAULT_CLIENT_TIMEOUT, or else ten seconds.
	Attempt time.Duration
	// Note is given what a person may want to know who asked for details; nil to
	// keep silent.
	Note func(msg string)
	// Now is the clock, time.Now if nil.
	Now func() time.Time
}

// overall is how long a call may take with all its attempts.
const overall = 30 * time.Second

// A Keeper wraps data keys under keys of the transit engine.
type Keeper struct {
	o        Options
	settings func() (*settings, error)

	token kept.Value[*token]

	mu    sync.Mutex
	noted map[string]bool
}

// New returns a Keeper. It reads nothing before a key is used.
func New(o Options) *Keeper {
	if o.Env == nil {
		o.Env = env.OS()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	k := &Keeper{o: o, noted: map[string]bool{}}
	k.settings = sync.OnceValues(func() (*settings, error) { return newSettings(o) })
	return k
}

// Kind returns "hc_vault".
func (*Keeper) Kind() string { return keeper.Vault }

// Wrap encrypts d under m.
func (k *Keeper) Wrap(ctx context.Context, m keeper.MasterKey, d keeper.Data) (keeper.WrappedKey, error) {
	c := &call{key: m, verb: encrypt, body: map[string]string{"plaintext": base64.StdEncoding.EncodeToString(d.Bytes())}}
	var out struct {
		Ciphertext string `json:"ciphertext"`
		Version    int    `json:"key_version"`
	}
	if err := k.do(ctx, c, &out); err != nil {
		return keeper.WrappedKey{}, err
	}
	if !isCiphertext(out.Ciphertext) {
		return keeper.WrappedKey{}, c.fail(BadAnswer, "the answer has no ciphertext of the transit engine")
	}
	if out.Version == 1 {
		k.note("%s has its first version: if there was no such key, Vault has made it just now", m.Identity())
	}
	return keeper.WrappedKey{MasterKey: m, Enc: out.Ciphertext, Created: k.o.Now().UTC().Truncate(time.Second)}, nil
}

// isCiphertext reports whether a text has the form of what the transit engine
// makes.
func isCiphertext(text string) bool {
	return regexp.MustCompile(`^vault:v[1-9][0-9]{0,8}:[A-Za-z0-9+/]+={0,2}$`).MatchString(text)
}

// Unwrap decrypts what w holds.
func (k *Keeper) Unwrap(ctx context.Context, w keeper.WrappedKey) (keeper.Data, error) {
	c := &call{key: w.MasterKey, verb: decrypt, body: map[string]string{"ciphertext": w.Enc}}
	if !isCiphertext(w.Enc) {
		return keeper.Data{}, c.fail(BadCiphertext, "enc is not what the transit engine makes: it does not have the form vault:v1:BASE64")
	}
	var out struct {
		Plaintext string `json:"plaintext"`
	}
	if err := k.do(ctx, c, &out); err != nil {
		return keeper.Data{}, err
	}
	plain, err := base64.StdEncoding.DecodeString(out.Plaintext)
	if err != nil || len(plain) == 0 {
		return keeper.Data{}, c.fail(BadAnswer, "the answer has no plaintext")
	}
	return keeper.NewData(plain), nil
}

// do makes a call and reads the data of its answer.
func (k *Keeper) do(ctx context.Context, c *call, data any) error {
	ctx, cancel := deadline.With(ctx, overall, context.DeadlineExceeded)
	defer cancel()
	set, err := k.settings()
	if err != nil {
		return c.wrap(BadSettings, err)
	}
	if err := set.admit(c); err != nil {
		return err
	}
	if c.token, err = k.findToken(ctx, set); err != nil {
		return c.wrap(NoToken, err)
	}
	k.compareAddress(set, c)
	answer, err := set.send(ctx, c)
	if err != nil {
		return c.broken(err)
	}
	return c.read(answer, data)
}

// compareAddress notes where a token goes to another server than the one that
// the user has it from.
func (k *Keeper) compareAddress(set *settings, c *call) {
	if own := set.address; own != "" && !sameServer(own, c.address()) {
		k.note("the file names the server %s, not that of %s, %s", c.shownAddress(), set.addressFrom, clean(redacted(own)))
	}
}

// send makes the call of a key.
func (s *settings) send(ctx context.Context, c *call) (*rest.Answer, error) {
	return s.sendTo(ctx, c.address(), rest.Call{Method: http.MethodPost, URL: c.url, Header: s.header(c.token), Body: c.body})
}

// sendTo makes a call of the server at an address, once more where the server
// says where else, or that it has not caught up yet.
func (s *settings) sendTo(ctx context.Context, address string, c rest.Call) (*rest.Answer, error) {
	const most = 3
	first := c.URL
	for n := 1; ; n++ {
		answer, err := s.client.Do(ctx, c)
		switch {
		case err != nil || n == most:
			return answer, err
		case isRedirect(answer.Status) && n == 1:
			if c.URL, err = s.redirected(address, first, answer); err != nil {
				return nil, err
			}
		case answer.Status == http.StatusPreconditionFailed: // a replica that lags
			select {
			case <-time.After(lag):
			case <-ctx.Done():
				return answer, nil
			}
		default:
			return answer, nil
		}
	}
}

// lag is how long a replica is given to catch up.
const lag = 200 * time.Millisecond

func (s *settings) header(t *token) http.Header {
	h := s.headers.Clone()
	if h == nil {
		h = http.Header{}
	}
	h.Set("X-Vault-Request", "true")
	h.Set("X-Vault-Token", t.Secret)
	if s.namespace != "" {
		h.Set("X-Vault-Namespace", s.namespace)
	}
	return h
}
