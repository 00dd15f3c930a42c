// Package gcpkms wraps data keys under keys of Google Cloud KMS.
//
// An entry of a file names a key by its resource id,
//
//	projects/P/locations/L/keyRings/R/cryptoKeys/K
//
// and the wrapped key is what the service answers to an encryption, in standard
// base64. Which version of the key was used is known to the ciphertext alone.
//
// The package speaks the REST form of the service. Credentials are those that
// SOPS would take, in its order: GOOGLE_CREDENTIALS, GOOGLE_OAUTH_ACCESS_TOKEN,
// then the application default credentials. Checksums guard the data key on its
// way in both directions.
package gcpkms

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/internal/rest"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

const fieldID = "resource_id"

// Options say what a Keeper works with. The zero Options are ready for use.
type Options struct {
	// Env is the environment; nil is that of the process.
	Env func(name string) (value string, set bool)
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Transport makes the connections; nil is Go's usual one.
	Transport http.RoundTripper
	// Attempt limits one call; 0 is ten seconds.
	Attempt time.Duration
}

// A Keeper wraps and unwraps data keys under keys of Google Cloud KMS.
type Keeper struct {
	o     Options
	rest  *rest.Client
	login *login
}

// New returns a Keeper. It reads and calls nothing before a key is used.
func New(o Options) *Keeper {
	if o.Env == nil {
		o.Env = env.OS()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	c := &rest.Client{Transport: o.Transport, Limit: o.Attempt}
	return &Keeper{o: o, rest: c, login: &login{o: o, rest: c}}
}

// Kind returns "gcp_kms".
func (*Keeper) Kind() string { return keeper.GCP }

// Wrap encrypts d under the primary version of the key of m, or under the one
// that m names. The entry names the key without a version, as decryption does.
func (k *Keeper) Wrap(ctx context.Context, m keeper.MasterKey, d keeper.Data) (keeper.WrappedKey, error) {
	n, err := parseName(m.Text(fieldID))
	if err != nil {
		return keeper.WrappedKey{}, err
	}
	var blob []byte
	err = k.use(ctx, n, encrypting, func(s *session) error {
		blob, err = s.encrypt(ctx, n, d.Bytes())
		return err
	})
	if err != nil {
		return keeper.WrappedKey{}, err
	}
	return keeper.WrappedKey{
		MasterKey: named(m, n.key), Enc: base64.StdEncoding.EncodeToString(blob),
		Created: k.o.Now().UTC().Truncate(time.Second),
	}, nil
}

// named returns m with the resource id in its one spelling.
func named(m keeper.MasterKey, id string) keeper.MasterKey {
	m.Fields = slices.Clone(m.Fields)
	for i := range m.Fields {
		if m.Fields[i].Name == fieldID {
			m.Fields[i].Text = id
		}
	}
	return m
}

// Unwrap decrypts w.
func (k *Keeper) Unwrap(ctx context.Context, w keeper.WrappedKey) (keeper.Data, error) {
	n, blob, err := parseEntry(w)
	if err != nil {
		return keeper.Data{}, err
	}
	var plain []byte
	err = k.use(ctx, n, decrypting, func(s *session) error {
		plain, err = s.decrypt(ctx, n, blob)
		return err
	})
	return keeper.NewData(plain), err
}

// use finds out who may call and where, and makes the call. An access token
// that the service does not take is fetched anew once.
func (k *Keeper) use(ctx context.Context, n name, verb verb, call func(*session) error) error {
	s := &session{k: k}
	err := s.begin(ctx)
	if err == nil {
		if err = call(s); stale(err) && k.login.forget(ctx, s.cred, s.token) {
			if err = s.begin(ctx); err == nil {
				err = call(s)
			}
		}
	}
	if err == nil {
		return nil
	}
	return k.failed(n, verb, s, err)
}

// parseEntry returns the key and the ciphertext of an entry. Flat formats and
// editors break the lines of base64.
func parseEntry(w keeper.WrappedKey) (name, []byte, error) {
	n, err := parseName(w.Text(fieldID))
	if err != nil {
		return n, nil, err
	}
	if n.version != "" {
		return n, nil, errVersion(n)
	}
	blob, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(w.Enc), ""))
	if err == nil && len(blob) == 0 {
		err = errors.New("it is empty")
	}
	if err != nil {
		return n, nil, &keeper.DamagedError{Service: service, Key: n.key, Encoding: "base64", Err: err}
	}
	return n, blob, nil
}
