package gcptest

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A cryptoKey is a symmetric key with versions, the last of which is primary.
type cryptoKey struct {
	purpose  string
	versions []*version
}

type version struct {
	secret []byte
	state  string
}

func newVersion() *version {
	const size = 32
	secret := make([]byte, size)
	rand.Read(secret) // it never fails
	return &version{secret, "ENABLED"}
}

// AddKey makes a key with one version.
func (s *Server) AddKey(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys[name] = &cryptoKey{"ENCRYPT_DECRYPT", []*version{newVersion()}}
}

// SetPurpose changes what a key is for, such as ASYMMETRIC_SIGN.
func (s *Server) SetPurpose(name, purpose string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys[name].purpose = purpose
}

// Rotate gives a key a new primary version.
func (s *Server) Rotate(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys[name].versions = append(s.keys[name].versions, newVersion())
}

// SetState sets the state of a version, counted from 1: ENABLED, DISABLED,
// DESTROYED, ...
func (s *Server) SetState(name string, number int, state string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys[name].versions[number-1].state = state
}

// operationPath has the name of the key, the number of a version, and the
// operation.
var operationPath = regexp.MustCompile(`^/v1/(projects/[^/]+/locations/[a-z0-9-]+/keyRings/[a-zA-Z0-9_-]{1,63}/cryptoKeys/[a-zA-Z0-9_-]{1,63})(?:/cryptoKeyVersions/([1-9][0-9]*))?:(encrypt|decrypt)$`)

// kms answers calls of Cloud KMS.
func (s *Server) kms(w http.ResponseWriter, r *http.Request) {
	answer, err := s.operate(r)
	if err != nil {
		err.write(w)
		return
	}
	writeJSON(w, http.StatusOK, answer)
}

func (s *Server) operate(r *http.Request) (map[string]any, *refusal) {
	m := operationPath.FindStringSubmatch(r.URL.Path)
	switch {
	case m == nil || r.Method != http.MethodPost:
		return nil, refuse(http.StatusNotFound, "NOT_FOUND", "Method not found.")
	case !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json"):
		return nil, refuse(http.StatusBadRequest, "INVALID_ARGUMENT", "Content-Type is not application/json.")
	}
	for name := range r.URL.Query() {
		if name != "alt" && name != "$alt" {
			return nil, refuse(http.StatusBadRequest, "INVALID_ARGUMENT", "Invalid JSON payload received. Unknown name %q: Cannot bind query parameter.", name)
		}
	}
	name, number, operation := m[1], m[2], m[3]
	if err := s.authorize(r, name, operation); err != nil {
		return nil, err
	}
	var in request
	if err := in.read(r, m[1], number, operation); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.keys[name]
	if k == nil {
		return nil, refuse(http.StatusNotFound, "NOT_FOUND", "CryptoKey %s not found.", name)
	}
	if k.purpose != "ENCRYPT_DECRYPT" {
		return nil, refuse(http.StatusBadRequest, "FAILED_PRECONDITION", "%s has purpose %s, which does not support the operation.", name, k.purpose)
	}
	var answer map[string]any
	var err *refusal
	if operation == "encrypt" {
		answer, err = k.encrypt(name, number, in)
	} else {
		answer, err = k.decrypt(name, number, in)
	}
	if err == nil && s.Tamper != nil {
		s.Tamper(operation, answer)
	}
	return answer, err
}

// A request is the body of encrypt or decrypt. Google's JSON has 64-bit numbers
// as strings, and takes plain ones too.
type request struct {
	Name             string       `json:"name"`
	Plaintext        *string      `json:"plaintext"`
	PlaintextCrc32c  *json.Number `json:"plaintextCrc32c"`
	Ciphertext       *string      `json:"ciphertext"`
	CiphertextCrc32c *json.Number `json:"ciphertextCrc32c"`
	data             []byte
	checked          bool
}

func (in *request) read(r *http.Request, name, number, operation string) *refusal {
	const most = 1 << 20
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, most))
	if err != nil {
		return refuse(http.StatusBadRequest, "INVALID_ARGUMENT", "Request payload size exceeds the limit.")
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(in); err != nil {
		return refuse(http.StatusBadRequest, "INVALID_ARGUMENT", "Invalid JSON payload received. %v", err)
	}
	if number != "" {
		name += "/cryptoKeyVersions/" + number
	}
	if in.Name != "" && in.Name != name {
		return refuse(http.StatusBadRequest, "INVALID_ARGUMENT", "name of the body is not that of the path.")
	}
	text, sum, foreign := in.Plaintext, in.PlaintextCrc32c, in.Ciphertext
	if operation == "decrypt" {
		text, sum, foreign = in.Ciphertext, in.CiphertextCrc32c, in.Plaintext
	}
	if text == nil || foreign != nil {
		return refuse(http.StatusBadRequest, "INVALID_ARGUMENT", "The request lacks what it is to %s.", operation)
	}
	if in.data, err = base64.StdEncoding.Strict().DecodeString(*text); err != nil {
		return refuse(http.StatusBadRequest, "INVALID_ARGUMENT", "Invalid value (TYPE_BYTES): Base64 decoding failed.")
	}
	if sum != nil {
		want, err := strconv.ParseInt(sum.String(), 10, 64)
		if err != nil || want != int64(Checksum(in.data)) {
			return refuse(http.StatusBadRequest, "INVALID_ARGUMENT", "The checksum in field %sCrc32c did not match the data.", map[string]string{"encrypt": "plaintext", "decrypt": "ciphertext"}[operation])
		}
		in.checked = true
	}
	const largest = 64 << 10
	if operation == "encrypt" && (len(in.data) == 0 || len(in.data) > largest) {
		return refuse(http.StatusBadRequest, "INVALID_ARGUMENT", "plaintext must have 1 to 65536 bytes.")
	}
	return nil
}

// Checksum is CRC-32C.
func Checksum(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

func (k *cryptoKey) encrypt(name, number string, in request) (map[string]any, *refusal) {
	n := len(k.versions)
	if number != "" {
		n, _ = strconv.Atoi(number)
	}
	v, err := k.usable(name, n)
	if err != nil {
		return nil, err
	}
	aead := v.aead()
	sealed := binary.BigEndian.AppendUint32(nil, uint32(n))
	nonce := make([]byte, aead.NonceSize())
	rand.Read(nonce) // it never fails
	sealed = aead.Seal(append(sealed, nonce...), nonce, in.data, []byte(name))
	answer := map[string]any{
		"name":       name + "/cryptoKeyVersions/" + strconv.Itoa(n),
		"ciphertext": base64.StdEncoding.EncodeToString(sealed), "ciphertextCrc32c": strconv.Itoa(int(Checksum(sealed))),
		"protectionLevel": "SOFTWARE",
	}
	if in.checked {
		answer["verifiedPlaintextCrc32c"] = true
	}
	return answer, nil
}

func (k *cryptoKey) decrypt(name, number string, in request) (map[string]any, *refusal) {
	if number != "" {
		return nil, refuse(http.StatusBadRequest, "INVALID_ARGUMENT", "Resource name [%s/cryptoKeyVersions/%s] is not a CryptoKey.", name, number)
	}
	undecryptable := refuse(http.StatusBadRequest, "INVALID_ARGUMENT", "Decryption failed: verify that 'name' refers to the correct CryptoKey.")
	const head = 4
	if len(in.data) < head {
		return nil, undecryptable
	}
	n := int(binary.BigEndian.Uint32(in.data))
	if n < 1 || n > len(k.versions) {
		return nil, undecryptable
	}
	aead := k.versions[n-1].aead()
	rest := in.data[head:]
	if len(rest) < aead.NonceSize() {
		return nil, undecryptable
	}
	plain, err := aead.Open(nil, rest[:aead.NonceSize()], rest[aead.NonceSize():], []byte(name))
	if err != nil {
		return nil, undecryptable
	}
	if _, err := k.usable(name, n); err != nil {
		return nil, err
	}
	answer := map[string]any{"plaintextCrc32c": strconv.Itoa(int(Checksum(plain))), "usedPrimary": n == len(k.versions), "protectionLevel": "SOFTWARE"}
	if len(plain) > 0 {
		answer["plaintext"] = base64.StdEncoding.EncodeToString(plain)
	}
	return answer, nil
}

// usable returns a version that is enabled.
func (k *cryptoKey) usable(name string, n int) (*version, *refusal) {
	if n < 1 || n > len(k.versions) {
		return nil, refuse(http.StatusNotFound, "NOT_FOUND", "CryptoKeyVersion %s/cryptoKeyVersions/%d not found.", name, n)
	}
	v := k.versions[n-1]
	if v.state == "ENABLED" {
		return v, nil
	}
	reason := "KEY_DISABLED"
	if slices.Contains([]string{"DESTROYED", "DESTROY_SCHEDULED"}, v.state) {
		reason = "KEY_" + v.state
	}
	return nil, refuse(http.StatusBadRequest, "FAILED_PRECONDITION", "%s/cryptoKeyVersions/%d is not enabled, current state is: %s.", name, n, v.state).
		because(reason, map[string]string{"service": "cloudkms.googleapis.com"})
}

func (v *version) aead() cipher.AEAD {
	block, err := aes.NewCipher(v.secret)
	if err != nil {
		panic("gcptest: " + err.Error())
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic("gcptest: " + err.Error())
	}
	return aead
}
