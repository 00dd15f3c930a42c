package gcpkms

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"net/http"
	"strconv"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/rest"
)

// A verb is what a key is used for.
type verb string

const (
	encrypting verb = "encrypt"
	decrypting verb = "decrypt"
)

// tries is how often a call is made whose answer was damaged on its way.
const tries = 3

// A session is what calls are made with.
type session struct {
	k     *Keeper
	at    string // the URL of the service
	cred  *credential
	token rest.Token
}

// begin finds out where to call, and as what.
func (s *session) begin(ctx context.Context) error {
	var err error
	if s.at, err = endpoint(s.k.o.Env); err != nil {
		return err
	}
	if s.cred, err = s.k.login.credential(ctx); err != nil {
		return err
	}
	if err := s.cred.fits(s.k.o.Env); err != nil {
		return err
	}
	s.token, err = s.k.login.token(ctx, s.cred)
	return err
}

// An IntegrityError is an answer that is not what the service had meant.
type IntegrityError struct{ Reason string }

func (e *IntegrityError) Error() string { return "the answer fails the integrity check: " + e.Reason }

func (s *session) encrypt(ctx context.Context, n name, plain []byte) (blob []byte, err error) {
	in := struct {
		Plaintext []byte `json:"plaintext"`
		Sum       sum    `json:"plaintextCrc32c"`
	}{plain, sumOf(plain)}
	err = again(func() error {
		var out struct {
			Name       string `json:"name"`
			Ciphertext string `json:"ciphertext"`
			Sum        *sum   `json:"ciphertextCrc32c"`
			Verified   bool   `json:"verifiedPlaintextCrc32c"`
		}
		if err := s.call(ctx, n.path("encrypt"), in, &out); err != nil {
			return err
		}
		if !strings.HasPrefix(out.Name, n.key+"/cryptoKeyVersions/") {
			return &IntegrityError{"it is about another key"}
		}
		if !out.Verified {
			return &IntegrityError{"the service has not verified the checksum of the data key"}
		}
		blob, err = checked("ciphertext", out.Ciphertext, out.Sum)
		return err
	})
	return blob, err
}

func (s *session) decrypt(ctx context.Context, n name, blob []byte) (plain []byte, err error) {
	in := struct {
		Ciphertext []byte `json:"ciphertext"`
		Sum        sum    `json:"ciphertextCrc32c"`
	}{blob, sumOf(blob)}
	err = again(func() error {
		var out struct {
			Plaintext string `json:"plaintext"`
			Sum       *sum   `json:"plaintextCrc32c"`
		}
		if err := s.call(ctx, n.path("decrypt"), in, &out); err != nil {
			return err
		}
		plain, err = checked("plaintext", out.Plaintext, out.Sum)
		return err
	})
	return plain, err
}

// again repeats what was damaged on its way.
func again(call func() error) error {
	for n := 1; ; n++ {
		err := call()
		if _, damaged := err.(*IntegrityError); !damaged || n == tries {
			return err
		}
	}
}

// checked returns the bytes of a member of an answer, which must have the sum
// that the answer gives. Nothing is wrapped, so nothing may be empty.
func checked(what, text string, want *sum) ([]byte, error) {
	b, err := base64.StdEncoding.DecodeString(text)
	switch {
	case err != nil:
		return nil, &IntegrityError{"its " + what + " is not base64"}
	case len(b) == 0:
		return nil, &IntegrityError{"it has no " + what}
	case want == nil:
		return nil, &IntegrityError{"its " + what + " has no checksum"}
	case *want != sumOf(b):
		return nil, &IntegrityError{"its " + what + " is not what the checksum is of"}
	}
	return b, nil
}

// A sum is a CRC-32C, which is a decimal string in JSON; a number is read too.
type sum uint32

func sumOf(b []byte) sum { return sum(crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli))) }

// MarshalText writes the decimal digits.
func (s sum) MarshalText() ([]byte, error) { return strconv.AppendUint(nil, uint64(s), 10), nil }

// UnmarshalJSON reads "1" and 1.
func (s *sum) UnmarshalJSON(b []byte) error {
	var n json.Number
	if err := json.Unmarshal(b, &n); err != nil {
		return err
	}
	v, err := strconv.ParseUint(n.String(), 10, 32)
	*s = sum(v)
	return err
}

// call makes a call of the service and reads its answer into out.
func (s *session) call(ctx context.Context, path string, in, out any) error {
	h := http.Header{"Authorization": {"Bearer " + s.token.Secret}}
	if p := s.cred.quota.project; p != "" {
		h["X-Goog-User-Project"] = []string{p}
	}
	answer, err := s.k.rest.Do(ctx, rest.Call{Method: http.MethodPost, URL: s.at + path, Header: h, Body: in})
	if err != nil {
		return err
	}
	if answer.OK() {
		return answer.Decode(out)
	}
	return refusalOf(answer)
}

// A Refusal is an answer of the service that is no success.
type Refusal struct {
	Host    string
	Code    int               // of HTTP
	Status  string            // of the service: PERMISSION_DENIED
	Reason  string            // closer: SERVICE_DISABLED
	Message string            // in the words of the service
	About   map[string]string // what the reason is about
}

func (e *Refusal) Error() string {
	text := e.Status
	if text == "" {
		text = fmt.Sprintf("status %d", e.Code)
	}
	if e.Reason != "" {
		text += " (" + e.Reason + ")"
	}
	if e.Message != "" {
		text += ": " + e.Message
	}
	return text
}
