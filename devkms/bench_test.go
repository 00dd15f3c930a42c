package devkms_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/seed-1f7fdfb8/sops/devkms"
)

// benchmarked is a server, and a caller with a session of the usual role.
func benchmarked(b *testing.B) (*devkms.Server, caller, []byte) {
	b.Helper()
	s := devkms.Start(b, nil)
	c := as(s, "alice").assume(b, devRole)
	out, err := c.kms().Encrypt(context.Background(), &kms.EncryptInput{KeyId: ptr(devKey), Plaintext: make([]byte, 32), EncryptionContext: ec{"App": "x"}})
	if err != nil {
		b.Fatal(err)
	}
	return s, c, out.CiphertextBlob
}

// BenchmarkDecryptInTheServer is what one Decrypt costs the server alone:
// signature, session, policies, cipher, audit. Run it with -cpu 1 for the
// throughput of one core.
func BenchmarkDecryptInTheServer(b *testing.B) {
	s, c, blob := benchmarked(b)
	body, err := json.Marshal(map[string]any{"CiphertextBlob": base64.StdEncoding.EncodeToString(blob), "EncryptionContext": ec{"App": "x"}})
	if err != nil {
		b.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, s.URL()+"/", bytes.NewReader(body))
	r.RemoteAddr = "127.0.0.1:1"
	r.Header.Set("X-Amz-Target", "TrentService.Decrypt")
	sum := sha256.Sum256(body)
	if err := v4.NewSigner().SignHTTP(context.Background(), c.creds, r, hex.EncodeToString(sum[:]), "kms", "us-east-1", time.Now()); err != nil {
		b.Fatal(err)
	}
	for n := 0; b.Loop(); n++ {
		again := r.Clone(r.Context())
		again.Body = readCloser{bytes.NewReader(body)}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, again)
		if w.Code != http.StatusOK {
			b.Fatal(w.Body)
		}
		if n%1000 == 0 {
			s.ResetCalls()
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
}

type readCloser struct{ *bytes.Reader }

func (readCloser) Close() error { return nil }

// BenchmarkDecryptThroughTheSDK is a whole round trip, client included.
func BenchmarkDecryptThroughTheSDK(b *testing.B) {
	s, c, blob := benchmarked(b)
	client := c.kms()
	for n := 0; b.Loop(); n++ {
		if _, err := client.Decrypt(context.Background(), &kms.DecryptInput{CiphertextBlob: blob, EncryptionContext: ec{"App": "x"}}); err != nil {
			b.Fatal(err)
		}
		if n%1000 == 0 {
			s.ResetCalls()
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
}
