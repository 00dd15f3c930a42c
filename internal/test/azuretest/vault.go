package azuretest

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

// A vault is one vault with its keys, each with versions, the last current.
type vault struct {
	tenant string
	keys   map[string][]*keyVersion
}

type keyVersion struct {
	id       string
	secret   func() *rsa.PrivateKey // made when it is first needed, which takes a while
	kty      string
	ops      []string
	disabled bool
	begins   time.Time // zero: always
	expires  time.Time // zero: never
}

// A refusal is an answer of Key Vault that is no success.
type refusal struct {
	status               int
	code, message, inner string
}

func refuse(status int, code, format string, args ...any) *refusal {
	return &refusal{status: status, code: code, message: fmt.Sprintf(format, args...)}
}

func (e *refusal) write(w http.ResponseWriter) {
	body := map[string]any{"code": e.code, "message": e.message}
	if e.inner != "" {
		body["innererror"] = map[string]string{"code": e.inner}
	}
	writeJSON(w, e.status, map[string]any{"error": body})
}

// AddKey gives a key of a vault a new version, which becomes the current one,
// and returns its id.
func (s *Server) AddKey(address, name string) (version string) {
	const size = 16
	id := make([]byte, size)
	rand.Read(id) // it never fails
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.vaults[strings.TrimPrefix(address, "https://")]
	k := &keyVersion{id: hex.EncodeToString(id), secret: newRSA(), kty: "RSA", ops: []string{"encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey"}}
	v.keys[name] = append(v.keys[name], k)
	return k.id
}

// Version returns the id of the current version of a key.
func (s *Server) Version(address, name string) (id string) {
	s.change(address, name, func(k *keyVersion) { id = k.id })
	return id
}

// Disable disables the current version of a key.
func (s *Server) Disable(address, name string) {
	s.change(address, name, func(k *keyVersion) { k.disabled = true })
}

// Expire lets the current version of a key end at a time.
func (s *Server) Expire(address, name string, at time.Time) {
	s.change(address, name, func(k *keyVersion) { k.expires = at })
}

// Restrict says what the current version of a key is (RSA, RSA-HSM, EC) and may
// be used for.
func (s *Server) Restrict(address, name, kty string, ops ...string) {
	s.change(address, name, func(k *keyVersion) { k.kty, k.ops = kty, ops })
}

func (s *Server) change(address, name string, f func(*keyVersion)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.vaults[strings.TrimPrefix(address, "https://")].keys[name]
	f(all[len(all)-1])
}

// apiVersions are those that have the operations in the form that is served.
func apiVersions() []string {
	return []string{"7.0", "7.1", "7.2", "7.3", "7.4", "7.5", "7.6", "2025-07-01"}
}

// operationPath has the name of the key, its version, and the operation.
var operationPath = regexp.MustCompile(`^/keys/([0-9a-zA-Z-]{1,127})/([0-9a-f]{32})?(?:/(encrypt|decrypt))?$`)

// keyVault answers requests to a vault.
func (s *Server) keyVault(w http.ResponseWriter, r *http.Request, v *vault, host string) {
	const most = 1 << 16
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	if err != nil {
		refuse(http.StatusRequestEntityTooLarge, "BadParameter", "the request is too large").write(w)
		return
	}
	principal, denied := s.bearer(r, v, host)
	if denied != nil {
		if r.Header.Get("Authorization") == "" && len(body) > 0 {
			s.leak("a body without a token", r)
		}
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer authorization="https://%s/%s", resource="%s"`, loginOf(host), v.tenant, audienceOf(host)))
		denied.write(w)
		return
	}
	answer, refused := s.operate(r, v, host, principal, body)
	if refused != nil {
		refused.write(w)
		return
	}
	writeJSON(w, http.StatusOK, answer)
}

// audienceOf returns the audience of tokens for a host.
func audienceOf(host string) string {
	_, domain, _ := strings.Cut(host, ".")
	return "https://" + domain
}

// loginOf returns the login host of the cloud of a vault.
func loginOf(host string) string {
	for login, audiences := range clouds() {
		if slices.Contains(audiences, audienceOf(host)) {
			return login
		}
	}
	panic("azuretest: no cloud has " + host)
}

// bearer returns who the token of the request is for.
func (s *Server) bearer(r *http.Request, v *vault, host string) (string, *refusal) {
	token, is := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !is {
		return "", refuse(http.StatusUnauthorized, "Unauthorized", "AKV10000: Request is missing a Bearer or PoP token.")
	}
	var header struct{ Alg string }
	var c struct {
		Aud, Tid, Appid string
		Nbf, Exp        int64
	}
	signed, signature, err := decode(token, &header, &c)
	switch {
	case err != nil || verify(s.signer().Public(), header.Alg, signed, signature) != nil:
		return "", refuse(http.StatusUnauthorized, "Unauthorized", "AKV10001: Cannot verify the token.")
	case c.Aud != audienceOf(host):
		return "", refuse(http.StatusUnauthorized, "Unauthorized", "AKV10022: Invalid audience. Expected %s, found: %s.", audienceOf(host), c.Aud)
	case c.Tid != v.tenant:
		return "", refuse(http.StatusUnauthorized, "Unauthorized", "AKV10032: Invalid issuer. Expected one of https://sts.windows.net/%s/, found https://sts.windows.net/%s/.", v.tenant, c.Tid)
	case s.now().Unix() >= c.Exp || s.now().Unix() < c.Nbf:
		return "", refuse(http.StatusUnauthorized, "Unauthorized", "AKV10005: The token is expired.")
	}
	return c.Appid, nil
}

func (s *Server) operate(r *http.Request, v *vault, host, principal string, body []byte) (map[string]any, *refusal) {
	m := operationPath.FindStringSubmatch(r.URL.Path)
	if m == nil {
		return nil, refuse(http.StatusBadRequest, "BadParameter", "The request URI contains an invalid name: %s", r.URL.Path)
	}
	operation, method := m[3], http.MethodPost
	if operation == "" {
		operation, method = "get", http.MethodGet
	}
	versions := r.URL.Query()["api-version"]
	switch {
	case r.Method != method:
		return nil, refuse(http.StatusMethodNotAllowed, "BadParameter", "Method %s not allowed.", r.Method)
	case len(versions) != 1:
		return nil, refuse(http.StatusBadRequest, "BadParameter", "AKV10032: api-version must be specified")
	case !slices.Contains(apiVersions(), versions[0]):
		return nil, refuse(http.StatusBadRequest, "BadParameter", "The specified version (%s) is not recognized.", versions[0])
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if inner, denied := s.denied[principal+" "+operation]; denied {
		e := refuse(http.StatusForbidden, "Forbidden", "Caller is not authorized to perform action on resource.\r\nCaller: appid=%s;oid=%s\r\nAction: 'Microsoft.KeyVault/vaults/keys/%s/action'", principal, principal, operation)
		e.inner = inner
		return nil, e
	}
	k := find(v.keys[m[1]], m[2])
	if k == nil {
		return nil, refuse(http.StatusNotFound, "KeyNotFound", "A key with (name/id) %s/%s was not found in this key vault.", m[1], m[2])
	}
	kid := "https://" + host + "/keys/" + m[1] + "/" + k.id
	answer, err := k.perform(operation, kid, body, s.now())
	if err == nil && s.Tamper != nil {
		s.Tamper(operation, answer)
	}
	return answer, err
}

// find returns a version, "" being the current one.
func find(all []*keyVersion, id string) *keyVersion {
	for i, k := range all {
		if k.id == id || id == "" && i == len(all)-1 {
			return k
		}
	}
	return nil
}

func (k *keyVersion) perform(operation, kid string, body []byte, now time.Time) (map[string]any, *refusal) {
	if operation == "get" {
		return map[string]any{
			"key": map[string]any{
				"kid": kid, "kty": k.kty, "key_ops": k.ops,
				"n": base64.RawURLEncoding.EncodeToString(k.secret().N.Bytes()), "e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(k.secret().E)).Bytes()),
			},
			"attributes": map[string]any{"enabled": !k.disabled},
		}, nil
	}
	if err := k.usable(operation, now); err != nil {
		return nil, err
	}
	var in struct{ Alg, Value string }
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil || in.Alg == "" {
		return nil, refuse(http.StatusBadRequest, "BadParameter", "Property has invalid value\r\n")
	}
	if in.Alg != "RSA-OAEP-256" {
		return nil, refuse(http.StatusBadRequest, "BadParameter", "Key and algorithm combination is not supported: %s", in.Alg)
	}
	value, err := base64.RawURLEncoding.Strict().DecodeString(in.Value)
	if err != nil || len(value) == 0 {
		return nil, refuse(http.StatusBadRequest, "BadParameter", "The value is not base64url without padding.")
	}
	out, err := k.crypt(operation, value)
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "BadParameter", "The parameter is incorrect.\r\n")
	}
	return map[string]any{"kid": kid, "value": base64.RawURLEncoding.EncodeToString(out)}, nil
}

func (k *keyVersion) crypt(operation string, value []byte) ([]byte, error) {
	if operation == "encrypt" {
		return rsa.EncryptOAEP(sha256.New(), rand.Reader, &k.secret().PublicKey, value, nil)
	}
	return rsa.DecryptOAEP(sha256.New(), nil, k.secret(), value, nil)
}

// usable reports why an operation is not possible. What has expired still
// decrypts.
func (k *keyVersion) usable(operation string, now time.Time) *refusal {
	forbidden := func(inner, format string, args ...any) *refusal {
		e := refuse(http.StatusForbidden, "Forbidden", format, args...)
		e.inner = inner
		return e
	}
	switch {
	case !strings.HasPrefix(k.kty, "RSA"):
		return refuse(http.StatusBadRequest, "BadParameter", "Key and algorithm combination is not supported: the key is not RSA")
	case !slices.Contains(k.ops, operation):
		return forbidden("KeyOperationForbidden", "Operation %s is not permitted on this key.", operation)
	case k.disabled:
		return forbidden("KeyDisabled", "Operation %s is not allowed on a disabled key.", operation)
	case now.Before(k.begins):
		return forbidden("KeyNotYetValid", "Operation %s is not allowed on a key that is not yet valid.", operation)
	case operation == "encrypt" && !k.expires.IsZero() && !now.Before(k.expires):
		return forbidden("KeyExpired", "Operation encrypt is not allowed on an expired key.")
	}
	return nil
}
