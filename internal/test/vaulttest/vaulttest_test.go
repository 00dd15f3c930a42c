package vaulttest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
)

// call sends a request as a good client does, with changes.
func call(t *testing.T, s *Server, path, token string, body any, change func(*http.Request)) (int, string, map[string]any) {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/v1/"+path, bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Vault-Token", token)
	r.Header.Set("X-Vault-Request", "true")
	r.Header.Set("Content-Type", "application/json")
	if change != nil {
		change(r)
	}
	resp, err := s.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var out struct {
		Data   map[string]any
		Errors []string
	}
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, strings.Join(out.Errors, "; "), out.Data
}

func plain(text string) map[string]string { return map[string]string{"plaintext": text} }

func TestAKeyOpensWhatItWrapped(t *testing.T) {
	t.Parallel()
	s := New()
	t.Cleanup(s.Close)
	s.AddNamespace("ns1")
	s.Mount("ns1/a/transit")
	s.AddKey("ns1/a/transit", "app", AES)
	token := s.Token(All())
	_, _, data := call(t, s, "ns1/a/transit/encrypt/app", token, plain("c2VjcmV0"), nil)
	s.RotateKey("ns1/a/transit", "app")
	in := map[string]any{"ciphertext": data["ciphertext"]}
	inNamespace := func(r *http.Request) { r.Header.Set("X-Vault-Namespace", "ns1/") }
	if _, text, data := call(t, s, "a/transit/decrypt/app", token, in, inNamespace); data["plaintext"] != "c2VjcmV0" {
		t.Errorf("got %v, %s", data, text)
	}
	_, _, data = call(t, s, "ns1/a/transit/rewrap/app", token, in, nil)
	if text, _ := data["ciphertext"].(string); !strings.HasPrefix(text, "vault:v2:") {
		t.Errorf("rewrapped: %v", data)
	}
	s.SetMinDecryption("ns1/a/transit", "app", 2)
	if status, text, _ := call(t, s, "ns1/a/transit/decrypt/app", token, in, nil); status != 400 || !strings.Contains(text, "too old") {
		t.Errorf("got %d %s", status, text)
	}
}

func TestWhatIsNotRightIsRefused(t *testing.T) {
	t.Parallel()
	s := New()
	t.Cleanup(s.Close)
	s.AddKey("transit", "app", AES)
	s.AddKey("transit", "signs", Ed25519)
	all, only := s.Token(All()), s.Token(Policy{"transit/decrypt/app": {"update"}})
	old := s.TokenUntil(All(), time.Now().Add(-time.Second))
	for _, c := range []struct {
		what, path, token string
		body              any
		change            func(*http.Request)
		status            int
		text              string
	}{
		{"no token", "transit/encrypt/app", "", plain("YQ=="), nil, 403, "permission denied"},
		{"old token", "transit/encrypt/app", old, plain("YQ=="), nil, 403, "permission denied"},
		{"policy", "transit/encrypt/app", only, plain("YQ=="), nil, 403, "1 error occurred"},
		{"url base64", "transit/encrypt/app", all, plain("-_8="), nil, 400, "base64"},
		{"unpadded", "transit/encrypt/app", all, plain("YQ"), nil, 400, "base64"},
		{"mount", "other/encrypt/app", all, plain("YQ=="), nil, 404, "no handler"},
		{"word", "transit/keys/app", all, plain("YQ=="), nil, 404, "no handler"},
		{"type", "transit/encrypt/signs", all, plain("YQ=="), nil, 400, "not supported"},
		{"method", "transit/encrypt/app", all, plain("YQ=="), func(r *http.Request) { r.Method = "PATCH" }, 405, "unsupported"},
		{"header", "transit/encrypt/app", all, plain("YQ=="), func(r *http.Request) { r.Header.Del("X-Vault-Request") }, 412, "X-Vault-Request"},
		{"namespace", "transit/encrypt/app", all, plain("YQ=="), func(r *http.Request) { r.Header.Set("X-Vault-Namespace", "x") }, 404, "no handler"},
		{"prefix", "transit/decrypt/app", all, map[string]string{"ciphertext": "abc"}, nil, 400, "no prefix"},
		{"version", "transit/decrypt/app", all, map[string]string{"ciphertext": "vault:v2:abc"}, nil, 400, "too new"},
		{"no such key", "transit/decrypt/none", all, map[string]string{"ciphertext": "vault:v1:abc"}, nil, 400, "not found"},
	} {
		if status, text, _ := call(t, s, c.path, c.token, c.body, c.change); status != c.status || !strings.Contains(text, c.text) {
			t.Errorf("%s: got %d %s, want %d %s", c.what, status, text, c.status, c.text)
		}
	}
}

func TestARepliedRequestIsNotLookedAt(t *testing.T) {
	t.Parallel()
	s := New()
	t.Cleanup(s.Close)
	s.AddKey("transit", "app", AES)
	token := s.Token(All())
	s.Reply(Replies()["other key"], 1)
	if status, text, _ := call(t, s, "transit/encrypt/app", token, plain("YQ=="), nil); status != 400 || !strings.Contains(text, "authentication failed") {
		t.Errorf("got %d %s", status, text)
	}
	if status, text, _ := call(t, s, "transit/encrypt/app", token, plain("YQ=="), nil); status != 200 {
		t.Errorf("got %d %s", status, text)
	}
}
