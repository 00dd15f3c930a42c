package gcptest_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/test/gcptest"
)

// post sends a request as a good client does, but for what change does to it,
// and returns the status, and the answer as an object and as text.
func post(t *testing.T, address, contentType, body string, change func(*http.Request)) (int, map[string]any, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	if change != nil {
		change(req)
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	var object map[string]any
	_ = json.Unmarshal(text, &object)
	return answer.StatusCode, object, string(text)
}

// call calls an operation with a token.
func call(t *testing.T, s *gcptest.Server, token, target, body string, change func(*http.Request)) (int, map[string]any, string) {
	t.Helper()
	return post(t, s.URL()+"/v1/"+target, "application/json", body, func(r *http.Request) {
		r.Header.Set("Authorization", "Bearer "+token)
		if change != nil {
			change(r)
		}
	})
}

// sum is the checksum of "hello".
var sum = fmt.Sprint(gcptest.Checksum([]byte("hello")))

func TestAKeyDecryptsWhatItEncrypted(t *testing.T) {
	t.Parallel()
	s := gcptest.Start(t)
	token := s.Token(gcptest.User)
	status, out, text := call(t, s, token, gcptest.Key+":encrypt", `{"plaintext":"aGVsbG8=","plaintextCrc32c":"`+sum+`"}`, nil)
	if status != http.StatusOK || out["name"] != gcptest.Key+"/cryptoKeyVersions/1" || out["verifiedPlaintextCrc32c"] != true {
		t.Fatalf("%d %s", status, text)
	}
	s.Rotate(gcptest.Key)
	body := fmt.Sprintf(`{"ciphertext":%q,"ciphertextCrc32c":%q}`, out["ciphertext"], out["ciphertextCrc32c"])
	if status, out, text := call(t, s, token, gcptest.Key+":decrypt", body, nil); status != http.StatusOK || out["plaintext"] != "aGVsbG8=" || out["plaintextCrc32c"] != sum || out["usedPrimary"] != false {
		t.Errorf("%d %s", status, text)
	}
	if status, _, text := call(t, s, token, gcptest.Other+":decrypt", body, nil); status != http.StatusBadRequest {
		t.Errorf("under another key: %d %s", status, text)
	}
	s.SetState(gcptest.Key, 1, "DISABLED")
	if status, _, text := call(t, s, token, gcptest.Key+":decrypt", body, nil); status != http.StatusBadRequest || !strings.Contains(text, "KEY_DISABLED") {
		t.Errorf("disabled: %d %s", status, text)
	}
}

func TestWhatIsNotRightIsRefused(t *testing.T) {
	t.Parallel()
	s := gcptest.Start(t)
	s.SetProject("off", "SERVICE_DISABLED")
	s.Deny(gcptest.Machine, gcptest.UseToEncrypt)
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	good, hello := s.Token(gcptest.User), `{"plaintext":"aGVsbG8="}`
	for name, c := range map[string]struct {
		token, target, body string
		change              func(*http.Request)
		status              int
		want                string
	}{
		"method":         {good, gcptest.Key + ":encrypt", hello, func(r *http.Request) { r.Method = http.MethodPut }, 404, "NOT_FOUND"},
		"content type":   {good, gcptest.Key + ":encrypt", hello, header("Content-Type", "text/plain"), 400, "INVALID_ARGUMENT"},
		"path":           {good, "projects/p/locations/l/cryptoKeys/k:encrypt", hello, nil, 404, "NOT_FOUND"},
		"query":          {good, gcptest.Key + ":encrypt?key=1", hello, nil, 400, "INVALID_ARGUMENT"},
		"no such key":    {good, gcptest.Key + "2:encrypt", hello, nil, 404, "not found"},
		"token":          {"x", gcptest.Key + ":encrypt", hello, nil, 401, "UNAUTHENTICATED"},
		"scope":          {s.Token(gcptest.User, "https://www.googleapis.com/auth/drive"), gcptest.Key + ":encrypt", hello, nil, 403, "ACCESS_TOKEN_SCOPE_INSUFFICIENT"},
		"permission":     {s.Token(gcptest.Machine), gcptest.Key + ":encrypt", hello, nil, 403, "or it may not exist"},
		"project":        {good, gcptest.Key + ":encrypt", hello, header("X-Goog-User-Project", "x"), 403, "USER_PROJECT_DENIED"},
		"disabled":       {good, gcptest.Key + ":encrypt", hello, header("X-Goog-User-Project", "off"), 403, "SERVICE_DISABLED"},
		"base64 of URLs": {good, gcptest.Key + ":encrypt", `{"plaintext":"-_-_"}`, nil, 400, "Base64"},
		"no padding":     {good, gcptest.Key + ":encrypt", `{"plaintext":"aGVsbG8"}`, nil, 400, "Base64"},
		"checksum":       {good, gcptest.Key + ":encrypt", `{"plaintext":"aGVsbG8=","plaintextCrc32c":"1"}`, nil, 400, "checksum"},
		"unknown field":  {good, gcptest.Key + ":encrypt", `{"plaintext":"aGVsbG8=","moon":1}`, nil, 400, "moon"},
		"empty":          {good, gcptest.Key + ":encrypt", `{"plaintext":""}`, nil, 400, "1 to 65536"},
		"version":        {good, gcptest.Key + "/cryptoKeyVersions/1:decrypt", `{"ciphertext":"aGVsbG8="}`, nil, 400, "not a CryptoKey"},
	} {
		if status, _, text := call(t, s, c.token, c.target, c.body, c.change); status != c.status || !strings.Contains(text, c.want) {
			t.Errorf("%s: got %d %s, want %d %s", name, status, text, c.status, c.want)
		}
	}
}

// TestAssertionsAreChecked signs tokens with the key of the service account.
func TestAssertionsAreChecked(t *testing.T) {
	t.Parallel()
	s := gcptest.Start(t)
	var file struct {
		PrivateKey   string `json:"private_key"`
		PrivateKeyID string `json:"private_key_id"`
		TokenURI     string `json:"token_uri"`
	}
	if err := json.Unmarshal(s.ServiceAccount(), &file); err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode([]byte(file.PrivateKey))
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().Unix()
	for name, c := range map[string]struct {
		header, claims map[string]any
		want           string
	}{
		"right":      {nil, nil, "access_token"},
		"other key":  {map[string]any{"kid": "x"}, nil, "there is no key"},
		"alg":        {map[string]any{"alg": "HS256"}, nil, "alg"},
		"audience":   {nil, map[string]any{"aud": "https://evil.test/token"}, "audience"},
		"account":    {nil, map[string]any{"iss": "x"}, "there is no account"},
		"expired":    {nil, map[string]any{"iat": now - 9000, "exp": now - 8000}, "short-lived"},
		"long-lived": {nil, map[string]any{"exp": now + 4000}, "short-lived"},
		"scope":      {nil, map[string]any{"scope": ""}, "no scope"},
	} {
		header := map[string]any{"alg": "RS256", "typ": "JWT", "kid": file.PrivateKeyID}
		claims := map[string]any{"iss": gcptest.Account, "scope": gcptest.ScopeKMS, "aud": file.TokenURI, "iat": now, "exp": now + 3600}
		maps.Copy(header, c.header)
		maps.Copy(claims, c.claims)
		text := part(t, header) + "." + part(t, claims)
		digest := sha256.Sum256([]byte(text))
		signature, err := rsa.SignPKCS1v15(rand.Reader, parsed.(*rsa.PrivateKey), crypto.SHA256, digest[:])
		if err != nil {
			t.Fatal(err)
		}
		f := url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {text + "." + base64.RawURLEncoding.EncodeToString(signature)}}
		if _, _, text := post(t, file.TokenURI, "application/x-www-form-urlencoded", f.Encode(), nil); !strings.Contains(text, c.want) {
			t.Errorf("%s: got %s, want %s", name, text, c.want)
		}
		f.Set("assertion", text+"."+base64.RawURLEncoding.EncodeToString(make([]byte, len(signature))))
		if status, _, text := post(t, file.TokenURI, "application/x-www-form-urlencoded", f.Encode(), nil); status != http.StatusBadRequest {
			t.Errorf("%s: a wrong signature is taken: %s", name, text)
		}
	}
}

func part(t *testing.T, v map[string]any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

func TestOneAccountActsForAnother(t *testing.T) {
	t.Parallel()
	s := gcptest.Start(t)
	target := "projects/-/serviceAccounts/" + gcptest.Impersonated + ":generateAccessToken"
	body := `{"lifetime":"3600s","scope":["` + gcptest.ScopeKMS + `"]}`
	status, out, text := call(t, s, s.Token(gcptest.Account), target, body, nil)
	token, _ := out["accessToken"].(string)
	if status != http.StatusOK || token == "" {
		t.Fatalf("%d %s", status, text)
	}
	if status, _, text := call(t, s, token, gcptest.Key+":encrypt", `{"plaintext":"aGVsbG8="}`, nil); status != http.StatusOK {
		t.Errorf("%d %s", status, text)
	}
	s.Deny(gcptest.Account, "iam.serviceAccounts.getAccessToken")
	if status, _, text := call(t, s, s.Token(gcptest.Account), target, body, nil); status != http.StatusForbidden {
		t.Errorf("%d %s", status, text)
	}
}

func TestTheMetadataServerWantsItsHeader(t *testing.T) {
	t.Parallel()
	s := gcptest.Start(t)
	address := s.URL() + "/computeMetadata/v1/instance/service-accounts/default/token?scopes=" + gcptest.ScopeKMS
	get := func(flavor string) func(*http.Request) {
		return func(r *http.Request) {
			r.Method = http.MethodGet
			r.Header.Set("Metadata-Flavor", flavor)
		}
	}
	if status, _, _ := post(t, address, "", "", get("")); status != http.StatusForbidden {
		t.Errorf("without the header: %d", status)
	}
	if status, out, text := post(t, address, "", "", get("Google")); status != http.StatusOK || out["access_token"] == nil {
		t.Errorf("%d %s", status, text)
	}
}
