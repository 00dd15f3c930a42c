// Package wire mends the bodies of requests and answers on their way between the
// SDK and AWS.
package wire

import (
	"context"
	"errors"
	"io"

	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// PlainBodies makes the bodies of requests readers that cannot write themselves.
//
// The SDK closes the body of a request as soon as the answer begins. If net/http
// looks for more of it then, which happens when the answer is quick and this
// machine is busy, a closed body must be empty: its Read is, but its WriteTo, as
// of smithy-go 1.28.9, fails with io.EOF. So net/http takes the request for
// broken and cuts the connection off under the answer.
func PlainBodies(stack *middleware.Stack) error {
	return stack.Build.Add(middleware.BuildMiddlewareFunc("PlainBodies", plainBody), middleware.After)
}

func plainBody(ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler) (middleware.BuildOutput, middleware.Metadata, error) {
	r, ok := in.Request.(*smithyhttp.Request)
	if !ok {
		return next.HandleBuild(ctx, in)
	}
	if body, ok := r.GetStream().(io.ReadSeeker); ok {
		plain, err := r.SetStream(struct{ io.ReadSeeker }{body})
		if err != nil {
			return middleware.BuildOutput{}, middleware.Metadata{}, err
		}
		in.Request = plain
	}
	return next.HandleBuild(ctx, in)
}

// LimitedAnswers makes answers end with an error that are longer than any that
// KMS and STS give: a few kilobytes.
func LimitedAnswers(stack *middleware.Stack) error {
	return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("LimitedAnswers", limitedAnswer), middleware.After)
}

func limitedAnswer(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
	out, metadata, err := next.HandleDeserialize(ctx, in)
	if r, ok := out.RawResponse.(*smithyhttp.Response); ok && r.Body != nil {
		r.Body = &limitedBody{r.Body, maxAnswer}
	}
	return out, metadata, err
}

const maxAnswer = 1 << 20

var errLongAnswer = errors.New("the answer is too long for one of AWS")

// limitedBody is a body that fails where it is too long.
type limitedBody struct {
	io.ReadCloser
	left int
}

// Read reads what is left of the limit.
func (b *limitedBody) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errLongAnswer
	}
	n, err := b.ReadCloser.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}
