package rest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/hint"
)

// A Token is what calls show. It never prints itself: it is in no error.
type Token struct {
	Secret  string
	Expires time.Time // zero if it is not known
}

// Format hides the secret from every verb of package fmt.
func (Token) Format(f fmt.State, _ rune) { fmt.Fprint(f, "token(hidden)") }

// Lasts reports whether the token is good for a while after now.
func (t Token) Lasts(now time.Time, while time.Duration) bool {
	return t.Secret != "" && (t.Expires.IsZero() || now.Add(while).Before(t.Expires))
}

// A LateError is work of a library that took too long.
type LateError struct {
	After time.Duration // the limit of one attempt; 0 if the caller had no more time
	Err   error
}

func (e *LateError) Error() string {
	if e.After == 0 {
		return "no answer in time"
	}
	return fmt.Sprintf("no answer within %s", e.After)
}

// Unwrap returns the reason: that of a context.
func (e *LateError) Unwrap() error { return e.Err }

// Limited lets a library work that makes calls of its own, as long as an attempt
// may take. The error of work that takes longer is a *LateError, whatever the
// library makes of it.
func (c *Client) Limited(ctx context.Context, work func(context.Context) error) error {
	limit := c.limit()
	inner, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err := work(inner)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return &LateError{Err: errors.Join(ctx.Err(), context.Cause(ctx))}
	case inner.Err() != nil:
		return &LateError{After: limit, Err: inner.Err()}
	}
	return err
}

// WayHint says how to find out whether a service can be reached, and what leads
// to another place.
func WayHint(service, url, variables string) string {
	return fmt.Sprintf("check the way to the %s: curl -sv %s; %s may point elsewhere", service, hint.ShellWord(url), variables)
}
