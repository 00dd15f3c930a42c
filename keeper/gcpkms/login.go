package gcpkms

import (
	"context"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/kept"
	"github.com/seed-1f7fdfb8/sops/internal/rest"
)

// early is how long before its end a token is not used any more.
const early = 30 * time.Second

// A login finds the credential of the run once, and fetches a token only where
// there is none that is good.
type login struct {
	o    Options
	rest *rest.Client
	cred kept.Value[*credential]
	has  kept.Value[rest.Token]
}

func (l *login) credential(ctx context.Context) (*credential, error) {
	return l.cred.Get(ctx, nil, l.find)
}

func (l *login) token(ctx context.Context, c *credential) (rest.Token, error) {
	good := func(t rest.Token) bool { return t.Lasts(l.o.Now(), early) }
	return l.has.Get(ctx, good, func(ctx context.Context) (t rest.Token, err error) {
		err = l.rest.Limited(ctx, func(ctx context.Context) error {
			t, err = c.fetch(ctx)
			return err
		})
		if err != nil {
			return t, tokenError(c, err)
		}
		return t, nil
	})
}

// forget drops a token that the service did not take, and reports whether
// another one can be fetched.
func (l *login) forget(ctx context.Context, c *credential, t rest.Token) bool {
	return c != nil && !c.fixed && l.has.Drop(ctx, t)
}
