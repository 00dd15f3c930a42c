package awskms

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/seed-1f7fdfb8/sops/keeper"
)

func TestAClosedBodyIsEmpty(t *testing.T) {
	t.Parallel()
	stack := middleware.NewStack("test", smithyhttp.NewStackRequest)
	if err := plainBodies(stack); err != nil {
		t.Fatal(err)
	}
	serialize := middleware.SerializeMiddlewareFunc("serialize", func(ctx context.Context, in middleware.SerializeInput, next middleware.SerializeHandler) (middleware.SerializeOutput, middleware.Metadata, error) {
		var err error
		in.Request, err = in.Request.(*smithyhttp.Request).SetStream(strings.NewReader("the body"))
		if err != nil {
			t.Error(err)
		}
		return next.HandleSerialize(ctx, in)
	})
	if err := stack.Serialize.Add(serialize, middleware.After); err != nil {
		t.Fatal(err)
	}
	send := middleware.HandlerFunc(func(ctx context.Context, in any) (any, middleware.Metadata, error) {
		for _, closed := range []bool{true, false} {
			body := in.(*smithyhttp.Request).Build(ctx).Body
			want := "the body"
			if closed {
				want = ""
				if err := body.Close(); err != nil {
					t.Error(err)
				}
			}
			var got strings.Builder
			if _, err := io.Copy(&got, body); err != nil || got.String() != want {
				t.Errorf("closed %v: got %q, %v, want %q", closed, got.String(), err, want)
			}
		}
		return nil, middleware.Metadata{}, nil
	})
	if _, _, err := middleware.DecorateHandler(send, stack).Handle(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
}

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
