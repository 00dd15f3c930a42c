package devkms_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/seed-1f7fdfb8/sops/devkms"
)

// signed builds a DescribeKey call of alice, signed at the given time.
func signed(t *testing.T, s *devkms.Server, region string, at time.Time) *http.Request {
	t.Helper()
	return signedWith(t, s, region, at, "TrentService.DescribeKey")
}

func signedWith(t *testing.T, s *devkms.Server, region string, at time.Time, target string) *http.Request {
	t.Helper()
	body := []byte(`{"KeyId":"` + devKey + `"}`)
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, s.URL()+"/", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	if target != "" {
		r.Header.Set("X-Amz-Target", target)
	}
	sum := sha256.Sum256(body)
	if err := v4.NewSigner().SignHTTP(context.Background(), as(s, "alice").creds, r, hex.EncodeToString(sum[:]), "kms", region, at); err != nil {
		t.Fatal(err)
	}
	return r
}

// send returns the status and the error type of the answer.
func send(t *testing.T, r *http.Request) (int, string) {
	t.Helper()
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var e struct {
		Type string `json:"__type"`
	}
	if err := json.Unmarshal(b, &e); err != nil {
		t.Fatalf("%s: %v", b, err)
	}
	return resp.StatusCode, e.Type
}

func TestSignaturesProtectTheWholeRequest(t *testing.T) {
	t.Parallel()
	const invalid, incomplete = "InvalidSignatureException", "IncompleteSignatureException"
	resign := func(old, replacement string) func(*http.Request) {
		return func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), old, replacement, 1))
		}
	}
	header := func(k, v string) func(*http.Request) { return func(r *http.Request) { r.Header.Set(k, v) } }
	cases := []struct {
		name   string
		change func(*http.Request)
		want   string
	}{
		{"nothing changed", func(*http.Request) {}, ""},
		{"a header that is not signed", header("X-Other", "x"), ""},
		{"the target", header("X-Amz-Target", "TrentService.DisableKey"), invalid},
		{"the content type", header("Content-Type", "text/plain"), invalid},
		{"the host", func(r *http.Request) { r.Host = "localhost" }, invalid},
		{"the body", func(r *http.Request) {
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader("{}")), 2
		}, invalid},
		{"the query", func(r *http.Request) { r.URL.RawQuery = "a=b" }, invalid},
		{"the date of the scope", func(r *http.Request) {
			resign("/"+r.Header.Get("X-Amz-Date")[:8]+"/", "/20200101/")(r)
		}, invalid},
		{"the region of the scope", resign("/us-east-1/", "/eu-west-1/"), invalid},
		{"the service of the scope", resign("/kms/", "/sts/"), invalid},
		{"a region that is none", resign("/us-east-1/", "/nowhere/"), invalid},
		{"the signature", resign("Signature=", "Signature=0"), invalid},
		{"the time", header("X-Amz-Date", time.Now().UTC().Add(2*time.Minute).Format("20060102T150405Z")), invalid},
		{"no time", func(r *http.Request) { r.Header.Del("X-Amz-Date") }, incomplete},
		{"a signed header less", resign("SignedHeaders=content-length;", "SignedHeaders="), invalid},
		{"a session token that is not signed", header("X-Amz-Security-Token", "token"), "UnrecognizedClientException"},
		{"host unsigned", resign(";host;", ";"), incomplete},
		{"another algorithm", resign("AWS4-HMAC-SHA256", "AWS4-HMAC-MD5"), incomplete},
		{"a credential of four parts", resign("/aws4_request", ""), incomplete},
		{"no signature at all", resign("Signature=", "Sig="), incomplete},
		{"no authorization", func(r *http.Request) { r.Header.Del("Authorization") }, "MissingAuthenticationTokenException"},
	}
	s := devkms.Start(t, nil)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := signed(t, s, "us-east-1", time.Now())
			c.change(r)
			status, got := send(t, r)
			wantStatus := http.StatusBadRequest
			if c.want == "" {
				wantStatus = http.StatusOK
			}
			if got != c.want || status != wantStatus {
				t.Errorf("got %d %q, want %d %q", status, got, wantStatus, c.want)
			}
		})
	}
}

func TestTheOperationMustBeSigned(t *testing.T) {
	t.Parallel()
	s := devkms.Start(t, nil)
	r := signedWith(t, s, "us-east-1", time.Now(), "")
	r.Header.Set("X-Amz-Target", "TrentService.DescribeKey")
	if _, got := send(t, r); got != "InvalidSignatureException" {
		t.Errorf("got %q", got)
	}
}

func TestSignaturesAgeInFiveMinutes(t *testing.T) {
	t.Parallel()
	s := devkms.Start(t, nil)
	for offset, want := range map[time.Duration]string{
		-6 * time.Minute: "InvalidSignatureException", -4 * time.Minute: "",
		4 * time.Minute: "", 6 * time.Minute: "InvalidSignatureException",
	} {
		if _, got := send(t, signed(t, s, "us-east-1", time.Now().Add(offset))); got != want {
			t.Errorf("signed at %v from now: got %q, want %q", offset, got, want)
		}
	}
}

func TestAdvanceLeavesSignaturesAlone(t *testing.T) {
	t.Parallel()
	s := devkms.Start(t, nil)
	s.Advance(1000 * time.Hour)
	if _, got := send(t, signed(t, s, "us-east-1", time.Now())); got != "" {
		t.Errorf("got %q, want success", got)
	}
}

func TestOtherMachinesAreRefused(t *testing.T) {
	t.Parallel()
	s, err := devkms.New(devkms.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]int{"192.0.2.1:1234": 403, "127.0.0.1:1234": 404, "[::1]:1234": 404, "[2001:db8::1]:1": 403, "nonsense": 403} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = address
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("from %s: status %d, want %d", address, w.Code, want)
		}
	}
}

func TestListenIsLoopbackOnly(t *testing.T) {
	t.Parallel()
	s := devkms.Start(t, nil)
	if !strings.HasPrefix(s.URL(), "http://127.0.0.1:") {
		t.Errorf("listens on %s", s.URL())
	}
}
