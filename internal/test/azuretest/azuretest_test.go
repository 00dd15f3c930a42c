package azuretest_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/test/azuretest"
)

// request sends a request and returns the answer with its body.
func request(t *testing.T, c *http.Client, method, address, token, body string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if strings.HasPrefix(body, "grant_type=") {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, string(text)
}

// proxied returns a client that goes through the proxy, as the program does.
func proxied(t *testing.T, s *azuretest.Server) *http.Client {
	t.Helper()
	proxy, err := url.Parse(s.Proxy())
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(s.Authority())
	transport := &http.Transport{Proxy: http.ProxyURL(proxy), TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func TestAKeyIsUsedAfterAChallenge(t *testing.T) {
	t.Parallel()
	s := azuretest.Start(t)
	for name, c := range map[string]*http.Client{"client": s.Client(), "proxy": proxied(t, s)} {
		version := s.Version(azuretest.Vault, azuretest.Key)
		address := azuretest.Vault + "/keys/" + azuretest.Key + "/" + version
		answer, _ := request(t, c, http.MethodPost, address+"/encrypt?api-version=7.4", "", "")
		const want = `Bearer authorization="https://login.microsoftonline.com/` + azuretest.Tenant + `", resource="https://vault.azure.net"`
		if got := answer.Header.Get("WWW-Authenticate"); answer.StatusCode != http.StatusUnauthorized || got != want {
			t.Fatalf("%s: %d, challenge %q", name, answer.StatusCode, got)
		}
		f := url.Values{"client_id": {azuretest.App}, "client_secret": {azuretest.Secret}, "scope": {"https://vault.azure.net/.default openid"}}
		_, text := request(t, c, http.MethodPost, "https://login.microsoftonline.com/"+azuretest.Tenant+"/oauth2/v2.0/token", "", "grant_type=client_credentials&"+f.Encode())
		var token struct {
			Token string `json:"access_token"`
		}
		if err := json.Unmarshal([]byte(text), &token); err != nil || token.Token == "" {
			t.Fatalf("%s: %v: %s", name, err, text)
		}
		// Without a version, the current one is used and named.
		_, text = request(t, c, http.MethodPost, azuretest.Vault+"/keys/"+azuretest.Key+"//encrypt?api-version=7.4", token.Token, `{"alg":"RSA-OAEP-256","value":"aGVsbG8"}`)
		var out struct{ Kid, Value string }
		if err := json.Unmarshal([]byte(text), &out); err != nil || out.Kid != address {
			t.Fatalf("%s: %v: %s", name, err, text)
		}
		if _, text := request(t, c, http.MethodPost, address+"/decrypt?api-version=7.4", token.Token, `{"alg":"RSA-OAEP-256","value":"`+out.Value+`"}`); !strings.Contains(text, `"value":"aGVsbG8"`) {
			t.Errorf("%s: %s", name, text)
		}
		s.AddKey(azuretest.Vault, azuretest.Key)
		if _, text := request(t, c, http.MethodPost, azuretest.Vault+"/keys/"+azuretest.Key+"//decrypt?api-version=7.4", token.Token, `{"alg":"RSA-OAEP-256","value":"`+out.Value+`"}`); !strings.Contains(text, "BadParameter") {
			t.Errorf("%s: the new version decrypts: %s", name, text)
		}
	}
	if leaks := s.Leaks(); len(leaks) > 0 {
		t.Errorf("leaks: %q", leaks)
	}
}

func TestWhatIsNotRightIsRefused(t *testing.T) {
	t.Parallel()
	s := azuretest.Start(t)
	c := s.Client()
	const hello = `{"alg":"RSA-OAEP-256","value":"aGVsbG8"}`
	s.AddKey(azuretest.Vault, "expired")
	s.Expire(azuretest.Vault, "expired", time.Now().Add(-time.Hour))
	s.AddKey(azuretest.Vault, "disabled")
	s.Disable(azuretest.Vault, "disabled")
	s.AddKey(azuretest.Vault, "curve")
	s.Restrict(azuretest.Vault, "curve", "EC", "sign")
	s.Deny("denied", "encrypt", "")
	good := s.Token(azuretest.App, azuretest.Tenant, "https://vault.azure.net")
	key := azuretest.Vault + "/keys/key/" + s.Version(azuretest.Vault, azuretest.Key)
	for name, c := range map[string]struct {
		method, address, token, body string
		status                       int
		want                         string
	}{
		"no token":        {"POST", key + "/encrypt?api-version=7.4", "", "", 401, "AKV10000"},
		"signature":       {"POST", key + "/encrypt?api-version=7.4", good + "A", hello, 401, "AKV10001"},
		"audience":        {"POST", key + "/encrypt?api-version=7.4", s.Token("a", azuretest.Tenant, "https://management.azure.com"), hello, 401, "AKV10022"},
		"tenant":          {"POST", key + "/encrypt?api-version=7.4", s.Token("a", azuretest.OtherTenant, "https://vault.azure.net"), hello, 401, "AKV10032"},
		"permission":      {"POST", key + "/encrypt?api-version=7.4", s.Token("denied", azuretest.Tenant, "https://vault.azure.net"), hello, 403, "ForbiddenByRbac"},
		"no api version":  {"POST", key + "/encrypt", good, hello, 400, "api-version"},
		"api version":     {"POST", key + "/encrypt?api-version=2016-10-01", good, hello, 400, "not recognized"},
		"method":          {"PUT", key + "/encrypt?api-version=7.4", good, hello, 405, "PUT"},
		"path":            {"POST", azuretest.Vault + "/keys/key/1/encrypt?api-version=7.4", good, hello, 400, "BadParameter"},
		"no such key":     {"POST", azuretest.Vault + "/keys/nokey//encrypt?api-version=7.4", good, hello, 404, "KeyNotFound"},
		"algorithm":       {"POST", key + "/encrypt?api-version=7.4", good, `{"alg":"RSA1_5","value":"aGVsbG8"}`, 400, "RSA1_5"},
		"padded":          {"POST", key + "/encrypt?api-version=7.4", good, `{"alg":"RSA-OAEP-256","value":"aGVsbG8="}`, 400, "padding"},
		"standard base64": {"POST", key + "/encrypt?api-version=7.4", good, `{"alg":"RSA-OAEP-256","value":"+/+/"}`, 400, "padding"},
		"field":           {"POST", key + "/encrypt?api-version=7.4", good, `{"alg":"RSA-OAEP-256","value":"aGVsbG8","moon":1}`, 400, "invalid value"},
		"expired":         {"POST", azuretest.Vault + "/keys/expired//encrypt?api-version=7.4", good, hello, 403, "KeyExpired"},
		"disabled":        {"POST", azuretest.Vault + "/keys/disabled//encrypt?api-version=7.4", good, hello, 403, "KeyDisabled"},
		"no RSA":          {"POST", azuretest.Vault + "/keys/curve//encrypt?api-version=7.4", good, hello, 400, "not RSA"},
		"damaged":         {"POST", key + "/decrypt?api-version=7.4", good, hello, 400, "BadParameter"},
	} {
		if answer, text := request(t, s.Client(), c.method, c.address, c.token, c.body); answer.StatusCode != c.status || !strings.Contains(text, c.want) {
			t.Errorf("%s: got %d %s, want %d %s", name, answer.StatusCode, text, c.status, c.want)
		}
	}
	if answer, text := request(t, c, http.MethodGet, azuretest.Vault+"/keys/key/?api-version=7.4", good, ""); answer.StatusCode != http.StatusOK || !strings.Contains(text, `"kid":"`+key) {
		t.Errorf("the current version: %d %s", answer.StatusCode, text)
	}
	if len(s.Leaks()) > 0 {
		t.Errorf("leaks: %q", s.Leaks())
	}
	request(t, c, http.MethodPost, key+"/encrypt?api-version=7.4", "", hello)
	request(t, c, http.MethodPost, "https://evil.example.test/keys/key//encrypt?api-version=7.4", good, hello)
	if len(s.Leaks()) != 2 {
		t.Errorf("leaks: %q", s.Leaks())
	}
}

func TestEntraIDChecksWhoAsks(t *testing.T) {
	t.Parallel()
	s := azuretest.Start(t)
	const jwt = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	for name, c := range map[string]struct{ field, value, want string }{
		"right":     {"client_secret", azuretest.Secret, "access_token"},
		"workload":  {"client_assertion", s.FederatedToken(), "access_token"},
		"secret":    {"client_secret", "x", "AADSTS7000215"},
		"assertion": {"client_assertion", s.Token("a", azuretest.Tenant, "b"), "AADSTS700027"},
		"audience":  {"scope", "https://evil.example.test/.default", "AADSTS1002012"},
		"client":    {"client_id", "x", "AADSTS700016"},
	} {
		f := url.Values{"client_id": {azuretest.App}, "scope": {"https://vault.azure.net/.default"}, "client_assertion_type": {jwt}}
		if !strings.HasPrefix(c.field, "client_assertion") {
			f.Set("client_secret", azuretest.Secret)
		}
		f.Set(c.field, c.value)
		if _, text := request(t, s.Client(), http.MethodPost, "https://login.microsoftonline.com/"+azuretest.Tenant+"/oauth2/v2.0/token", "", "grant_type=client_credentials&"+f.Encode()); !strings.Contains(text, c.want) {
			t.Errorf("%s: got %s, want %s", name, text, c.want)
		}
	}
}
