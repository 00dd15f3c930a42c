package session

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/deadline"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/internal/identity"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/internal/process"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/internal/userfiles"
)

// Options are what sessions need of the world; those of the keeper say more.
type Options struct {
	Env     func(name string) (value string, set bool)
	Now     func() time.Time
	Attempt time.Duration // that one attempt may take, 0 for what is usual
	AskMFA  func(ctx context.Context, prompt string) (string, error)
	Silence time.Duration // after which STS of another region is asked, 0 for what is usual
}

// A Pool has the sessions of one run: configurations, credentials and clients
// that its keys share.
type Pool struct {
	env     func(name string) (value string, set bool)
	now     func() time.Time
	attempt time.Duration
	askMFA  func(ctx context.Context, prompt string) (string, error)
	silence time.Duration
	set     *identity.Settings

	mu        sync.Mutex // guards the maps
	profiles  map[string]*userfiles.Profile
	bases     map[string]*base
	processes map[string]*process.Provider // by their command
	sources   map[string]*Source
	sessions  map[string]*Session
	answered  map[string]bool   // MFA devices whose code was right
	answering map[string]string // by region of STS, the one that answered in its place
}

// NewPool returns a Pool without sessions.
func NewPool(o Options, set *identity.Settings) *Pool {
	return &Pool{
		env: o.Env, now: o.Now, attempt: o.Attempt, askMFA: o.AskMFA, silence: cmp.Or(o.Silence, silence), set: set,
		profiles:  map[string]*userfiles.Profile{},
		bases:     map[string]*base{},
		processes: map[string]*process.Provider{},
		sources:   map[string]*Source{},
		sessions:  map[string]*Session{},
		answered:  map[string]bool{},
		answering: map[string]string{},
	}
}

// Asks reports whether id needs a code of a device that has not answered yet.
func (k *Pool) Asks(id identity.Identity) bool {
	if k.askMFA == nil || k.set.MFAToken != "" {
		return false
	}
	serials := id.Serials()
	if p, err := k.Profile(id.Profile); err == nil {
		serials = append(serials, p.Serials()...)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.ContainsFunc(serials, func(s string) bool { return !k.answered[s] })
}

// Profile reads a profile once a run. The answer is for the whole run, so it is
// not that of the call which happens to ask first and may be given up.
func (k *Pool) Profile(name string) (*userfiles.Profile, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if p := k.profiles[name]; p != nil {
		return p, nil
	}
	p, err := userfiles.ReadProfile(context.Background(), k.env, name)
	if err == nil {
		k.profiles[name] = p
	}
	return p, err
}

// DefaultLast is how long STS may take where nothing else is left to try.
const DefaultLast = 30 * time.Second

// Limited returns a context that ends after d, if d is not 0.
func Limited(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	if d == 0 {
		return ctx, func() {}
	}
	return deadline.With(ctx, d, Overdue(d))
}

// Overdue is the error of the limit of an attempt.
type Overdue time.Duration

func (o Overdue) Error() string { return fmt.Sprintf("no answer within %s", time.Duration(o)) }

// InTime adds to err that the time was up and whose limit it was, which an error
// of a connection that was cut off because of that need not say.
func InTime(ctx context.Context, err error) error {
	if err == nil || ctx.Err() == nil {
		return err
	}
	return errors.Join(ctx.Err(), context.Cause(ctx), err)
}

// Transport returns the connections that the SDK would make, which trust what
// AWS_CA_BUNDLE names.
func (k *Pool) Transport(ctx context.Context, p *userfiles.Profile, region string) (http.RoundTripper, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	b, err := k.base(ctx, p, region, "")
	if err != nil {
		return nil, err
	}
	if c, ok := b.config.HTTPClient.(interface{ GetTransport() *http.Transport }); ok {
		return c.GetTransport(), nil
	}
	return nil, nil
}
