package gcpkms

import (
	"context"
	"fmt"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/rest"
)

// A token is what calls show. It never prints itself: it is in no error.
type token struct {
	secret  string
	expires time.Time // zero if it is not known
}

// Format hides the secret from every verb of package fmt.
func (token) Format(f fmt.State, _ rune) { fmt.Fprint(f, "token(hidden)") }

// early is how long before its end a token is not used any more.
const early = 30 * time.Second

func (t token) good(now time.Time) bool {
	return t.secret != "" && (t.expires.IsZero() || now.Add(early).Before(t.expires))
}

// A login finds the credential of the run once, and fetches a token only where
// there is none that is good. Calls that run at once wait for one fetch; it ends
// with the call that makes it, and the next one begins its own.
type login struct {
	o    Options
	rest *rest.Client
	turn chan struct{} // held by who uses what is below
	cred *credential
	has  token
}

func (l *login) enter(ctx context.Context) error {
	select {
	case l.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (l *login) leave() { <-l.turn }

func (l *login) credential(ctx context.Context) (*credential, error) {
	if err := l.enter(ctx); err != nil {
		return nil, err
	}
	defer l.leave()
	if l.cred != nil {
		return l.cred, nil
	}
	c, err := l.find(ctx)
	if err == nil {
		l.cred = c
	}
	return c, err
}

func (l *login) token(ctx context.Context, c *credential) (token, error) {
	if err := l.enter(ctx); err != nil {
		return token{}, err
	}
	defer l.leave()
	if l.has.good(l.o.Now()) {
		return l.has, nil
	}
	limit := l.rest.Limit
	if limit == 0 {
		limit = rest.DefaultLimit
	}
	inner, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	t, err := c.fetch(inner)
	if err != nil {
		return t, tokenError(ctx, inner, c, limit, err)
	}
	l.has = t
	return t, nil
}

// forget drops a token that the service did not take, and reports whether
// another one can be fetched.
func (l *login) forget(ctx context.Context, t token) bool {
	if l.enter(ctx) != nil {
		return false
	}
	defer l.leave()
	if l.cred == nil || l.cred.fixed {
		return false
	}
	if l.has == t {
		l.has = token{}
	}
	return true
}
