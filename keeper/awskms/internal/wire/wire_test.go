package wire

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

func TestAClosedBodyIsEmpty(t *testing.T) {
	t.Parallel()
	stack := middleware.NewStack("test", smithyhttp.NewStackRequest)
	if err := PlainBodies(stack); err != nil {
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
