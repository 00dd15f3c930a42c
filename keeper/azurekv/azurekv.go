// Package azurekv wraps data keys under RSA keys of Azure Key Vault and Managed
// HSM.
//
// An entry of a file names a key by the URL of its vault, its name and its
// version. The wrapped key is RSA-OAEP-256 in base64url without padding. A key
// that is named without a version is used in its current one, and the entry gets
// the version that the service says it used, without which nothing could be
// unwrapped once there is a newer one.
//
// Credentials are those of DefaultAzureCredential, in its order. A token goes
// only to hosts of Azure, which have it as their audience, and to those that the
// user allows: the URL comes from a file that nothing vouches for yet.
package azurekv

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

// Fields of an entry.
const (
	fieldURL     = "vault_url"
	fieldName    = "name"
	fieldVersion = "version"
)

// Options say what a Keeper works with. The zero Options are ready for use.
type Options struct {
	// Env is the environment; nil is that of the process. A managed identity is
	// looked for in that of the process whatever Env is.
	Env func(name string) (value string, set bool)
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Transport makes the connections; nil is Go's usual one.
	Transport http.RoundTripper
	// Attempt limits one call; 0 is ten seconds.
	Attempt time.Duration
}

// A Keeper wraps and unwraps data keys under keys of Azure Key Vault.
type Keeper struct {
	o      Options
	rest   *rest.Client
	logins *logins
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
	return &Keeper{o: o, rest: c, logins: &logins{o: o, rest: c}}
}

// Kind returns "azure_kv".
func (*Keeper) Kind() string { return keeper.Azure }

// Wrap encrypts d under the key of m.
func (k *Keeper) Wrap(ctx context.Context, m keeper.MasterKey, d keeper.Data) (keeper.WrappedKey, error) {
	r, err := k.reference(m)
	if err != nil {
		return keeper.WrappedKey{}, err
	}
	out, err := k.operate(ctx, r, encrypting, d.Bytes())
	if err != nil {
		return keeper.WrappedKey{}, err
	}
	return keeper.WrappedKey{
		MasterKey: withVersion(m, out.version), Enc: base64.RawURLEncoding.EncodeToString(out.value),
		Created: k.o.Now().UTC().Truncate(time.Second),
	}, nil
}

// withVersion returns m with the version that was used.
func withVersion(m keeper.MasterKey, version string) keeper.MasterKey {
	m.Fields = slices.DeleteFunc(slices.Clone(m.Fields), func(f keeper.Field) bool { return f.Name == fieldVersion })
	m.Fields = append(m.Fields, keeper.Field{Name: fieldVersion, Text: version})
	return m
}

// Unwrap decrypts w.
func (k *Keeper) Unwrap(ctx context.Context, w keeper.WrappedKey) (keeper.Data, error) {
	r, blob, err := k.entry(w)
	if err != nil {
		return keeper.Data{}, err
	}
	out, err := k.operate(ctx, r, decrypting, blob)
	return keeper.NewData(out.value), err
}

// entry returns the key and the ciphertext of an entry. Flat formats and editors
// break the lines of base64.
func (k *Keeper) entry(w keeper.WrappedKey) (reference, []byte, error) {
	r, err := k.reference(w.MasterKey)
	if err != nil {
		return r, nil, err
	}
	blob, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(strings.Join(strings.Fields(w.Enc), ""), "="))
	if err == nil && len(blob) == 0 {
		err = errors.New("it is empty")
	}
	if err != nil {
		return r, nil, &keeper.DamagedError{Service: service, Key: r.String(), Encoding: "base64url", Err: err}
	}
	return r, blob, nil
}
