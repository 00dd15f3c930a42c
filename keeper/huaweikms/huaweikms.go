// Package huaweikms wraps data keys under keys of Huawei Cloud KMS (part of DEW).
//
// An entry names the region and the key. The wrapped key is the text that the
// service answers with:
//
//	key_id: eu-west-101:12345678-1234-4123-8123-123456789012
//	enc: AgDoAG7EsEc2OHpQxz4gDFDH54Cqwaelz...
//
// What the service encrypts is a text, and so the base64 of the data key.
//
// Requests are signed (SDK-HMAC-SHA256) with the access key that Huawei's own
// SDK would use, so that a file that names another region learns no secret. The
// region of a file becomes a part of the name of a host of Huawei Cloud, and
// nothing else.
package huaweikms

import (
	"context"
	"encoding/base64"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/deadline"
	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/internal/kept"
	"github.com/seed-1f7fdfb8/sops/internal/rest"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// Operations of the service, which are names of paths too.
const (
	encryptData = "encrypt-data"
	decryptData = "decrypt-data"
)

// Options is what a Keeper needs of the world. The zero value is that of the
// process.
type Options struct {
	// Env is where HUAWEICLOUD_SDK_* and HOME are looked up; nil is the
	// environment of the process. The proxies are those of the process itself.
	Env func(name string) (value string, set bool)
	// Attempt is how long one attempt of a call may take; 0 means ten seconds.
	Attempt time.Duration
	// Now is the clock, time.Now if nil.
	Now func() time.Time
}

// overall is how long a use of a key may take with all its calls.
const overall = 30 * time.Second

// A Keeper wraps data keys under keys of Huawei Cloud KMS.
type Keeper struct {
	o      Options
	client *rest.Client

	found    kept.Value[*credentials]
	projects map[string]string
	mu       sync.Mutex // guards projects
}

// New returns a Keeper. It reads nothing before a key is used.
func New(o Options) *Keeper {
	if o.Env == nil {
		o.Env = env.OS()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Keeper{o: o, client: &rest.Client{Limit: o.Attempt}, projects: map[string]string{}}
}

// Kind returns "hckms".
func (*Keeper) Kind() string { return keeper.HCKMS }

// A use is one use of a key.
type use struct {
	key        keeper.MasterKey
	operation  string
	region, id string
	url        string // that is called
	by         *credentials
	project    string
}

// verb is what the use does, for people.
func (u *use) verb() string { return strings.TrimSuffix(u.operation, "-data") }

// request is the body of both operations.
type request struct {
	KeyID     string `json:"key_id"`
	Plain     string `json:"plain_text,omitempty"`
	Cipher    string `json:"cipher_text,omitempty"`
	Algorithm string `json:"encryption_algorithm"`
}

// answer is what both operations answer.
type answer struct {
	KeyID  string `json:"key_id"`
	Plain  string `json:"plain_text"`
	Cipher string `json:"cipher_text"`
}

// isCiphertext reports whether a text has the form of what the service makes.
func isCiphertext(text string) bool {
	const shortest, longest = 128, 5648
	return len(text) >= shortest && len(text) <= longest && regexp.MustCompile(`^[0-9a-zA-Z+/=]+$`).MatchString(text)
}

// Wrap encrypts d under m.
func (k *Keeper) Wrap(ctx context.Context, m keeper.MasterKey, d keeper.Data) (keeper.WrappedKey, error) {
	u := &use{key: m, operation: encryptData}
	out, err := k.call(ctx, u, request{Plain: base64.StdEncoding.EncodeToString(d.Bytes())})
	if err != nil {
		return keeper.WrappedKey{}, err
	}
	if !isCiphertext(out.Cipher) {
		return keeper.WrappedKey{}, u.fail(BadAnswer, "the answer has no ciphertext")
	}
	return keeper.WrappedKey{MasterKey: m, Enc: out.Cipher, Created: k.o.Now().UTC().Truncate(time.Second)}, nil
}

// Unwrap decrypts what w holds.
func (k *Keeper) Unwrap(ctx context.Context, w keeper.WrappedKey) (keeper.Data, error) {
	u := &use{key: w.MasterKey, operation: decryptData}
	if !isCiphertext(w.Enc) {
		return keeper.Data{}, u.fail(BadCiphertext, "enc is not what the service makes: 128 to 5648 characters of base64")
	}
	out, err := k.call(ctx, u, request{Cipher: w.Enc})
	if err != nil {
		return keeper.Data{}, err
	}
	plain, err := base64.StdEncoding.DecodeString(out.Plain)
	if err != nil || len(plain) == 0 {
		return keeper.Data{}, u.fail(BadAnswer, "the answer has no data key")
	}
	return keeper.NewData(plain), nil
}

// call finds out how to call the service, and does.
func (k *Keeper) call(ctx context.Context, u *use, in request) (answer, error) {
	ctx, cancel := deadline.With(ctx, overall, context.DeadlineExceeded)
	defer cancel()
	if err := k.prepare(ctx, u); err != nil {
		return answer{}, err
	}
	in.KeyID, in.Algorithm = u.id, "SYMMETRIC_DEFAULT"
	got, err := k.signed(ctx, u.by, signing{method: http.MethodPost, url: u.url, project: u.project, body: in})
	if err != nil {
		return answer{}, u.broken(err)
	}
	var out answer
	if err := u.read(got, &out, k.o.Now()); err != nil {
		return answer{}, err
	}
	if out.KeyID != "" && !strings.EqualFold(out.KeyID, u.id) {
		return answer{}, u.fail(BadAnswer, "the answer is about another key, "+clean(out.KeyID))
	}
	return out, nil
}

// prepare checks the name of the key, and finds endpoint, credentials and
// project.
func (k *Keeper) prepare(ctx context.Context, u *use) error {
	if err := u.parse(); err != nil {
		return u.wrap(BadName, err)
	}
	endpoint, err := k.endpoint(u.region)
	if err != nil {
		return u.wrap(BadSettings, err)
	}
	if u.by, err = k.credentials(ctx); err != nil {
		return u.wrap(NoCredentials, err)
	}
	if u.project, err = k.project(ctx, u); err != nil {
		return err
	}
	u.url = endpoint + "/v1.0/" + u.project + "/kms/" + u.operation
	return nil
}
