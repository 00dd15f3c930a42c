package awskms

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/seed-1f7fdfb8/sops/keeper"
)

// TestAnAnswerWithoutEndDoesNotFillMemory lets KMS and STS talk without end.
func TestAnAnswerWithoutEndDoesNotFillMemory(t *testing.T) {
	t.Parallel()
	var sent atomic.Int64
	endless := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		piece := bytes.Repeat([]byte("x"), 1<<16)
		for _, err := w.Write([]byte(`{"CiphertextBlob":"`)); err == nil && sent.Load() < 1<<30; {
			var n int
			n, err = w.Write(piece)
			sent.Add(int64(n))
		}
	}))
	t.Cleanup(endless.Close)
	for variable, m := range map[string]keeper.MasterKey{
		"AWS_ENDPOINT_URL_KMS": named(key1, "alice", ""), "AWS_ENDPOINT_URL_STS": named(key1, "alice", ops),
	} {
		r := newRig(t).set(variable, endless.URL)
		r.o.Attempts, r.o.Strict = 1, true
		if _, err := r.keeper().Wrap(t.Context(), m, dataKey()); err == nil {
			t.Errorf("%s: it worked", variable)
		}
	}
	if n := sent.Load(); n > 1<<26 { // the buffers of the network take some
		t.Errorf("%d bytes were taken", n)
	}
}
