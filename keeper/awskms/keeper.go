package awskms

import (
	"context"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/internal/identity"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/internal/session"
)

// Options is what a Keeper needs of the world. The zero value is that of the
// process, with no user to ask.
type Options struct {
	// Env is where SOPS_AWS_*, AWS_* and HOME are looked up; nil is the
	// environment of the process. The SDK reads a few variables of the process
	// itself whatever Env says: those of container credentials, AWS_CA_BUNDLE,
	// AWS_USE_FIPS_ENDPOINT, AWS_USE_DUALSTACK_ENDPOINT, AWS_DEFAULTS_MODE, the
	// proxies, and HOME for the tokens that `aws sso login` leaves.
	Env func(name string) (value string, set bool)
	// Profile and Role say how to reach the keys of this run: PROFILE, or
	// ACCOUNT=PROFILE for those of one account. They come before SOPS_AWS_PROFILE
	// and SOPS_AWS_ROLE.
	Profile []string
	Role    []string
	// KeyRoles are roles that this run itself names with a key (ARN+ROLE). Such a
	// key is used in its role alone.
	KeyRoles []string
	// NoAssumeRole leaves every role out.
	NoAssumeRole bool
	// Strict tries one identity for a key and no other.
	Strict bool
	// AskMFA asks a person for a code; nil if no user can be asked.
	AskMFA func(ctx context.Context, prompt string) (string, error)
	// Warn shows the user what went otherwise than asked; nil to keep silent.
	Warn func(msg string)
	// Attempt is how long one identity may take in one region. If it is zero,
	// that is DefaultAttempt where something else is left to try; where nothing
	// is, the deadline of the caller or, if there is none, DefaultLast. What
	// waits for a person (an MFA code, a program that gives credentials) does not
	// count; such a program has a minute if Attempt is zero.
	Attempt time.Duration
	// Attempts is how often a call is made that meets a passing failure. If it
	// is zero, AWS_MAX_ATTEMPTS says so, and otherwise it is 3.
	Attempts int
	// Now is the clock, time.Now if nil.
	Now func() time.Time
	// HostName goes into the name of role sessions; if it is empty, the system
	// is asked.
	HostName string
	silence  time.Duration // of STS in one region, before another is asked; 0 for what is usual
}

// How long one identity may take to answer unless Options say otherwise. Where
// nothing else is left to try, a slow answer is better than none.
const (
	DefaultAttempt = 5 * time.Second
	DefaultLast    = session.DefaultLast
)

// A Keeper wraps data keys under AWS KMS keys.
type Keeper struct {
	o    Options
	set  *identity.Settings
	pool *session.Pool
	err  error // what is wrong with the settings

	mu     sync.Mutex // guards warned
	warned map[string]bool
}

// New returns a Keeper. Bad options are reported by the first use of it.
func New(o Options) *Keeper {
	if o.Env == nil {
		o.Env = env.OS()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.HostName == "" {
		o.HostName, _ = os.Hostname() // a session name without a host is good enough
	}
	set, err := identity.NewSettings(identity.Options{
		Env: o.Env, Profile: o.Profile, Role: o.Role, KeyRoles: o.KeyRoles, NoAssumeRole: o.NoAssumeRole,
		Strict: o.Strict, Attempts: o.Attempts, HostName: o.HostName,
	})
	pool := session.NewPool(session.Options{Env: o.Env, Now: o.Now, Attempt: o.Attempt, AskMFA: o.AskMFA, Silence: o.silence}, set)
	return &Keeper{o: o, set: set, pool: pool, err: usage(err), warned: map[string]bool{}}
}

// Kind returns "kms".
func (k *Keeper) Kind() string { return keeper.KMS }

// Wrap encrypts d under m.
func (k *Keeper) Wrap(ctx context.Context, m keeper.MasterKey, d keeper.Data) (keeper.WrappedKey, error) {
	op := &encrypt{plain: d}
	if err := k.run(ctx, m, op); err != nil {
		return keeper.WrappedKey{}, err
	}
	return keeper.WrappedKey{MasterKey: m, Enc: op.enc, Created: k.o.Now().UTC().Truncate(time.Second)}, nil
}

// Unwrap decrypts what w holds.
func (k *Keeper) Unwrap(ctx context.Context, w keeper.WrappedKey) (keeper.Data, error) {
	blob, err := decodeBlob(w)
	if err != nil {
		return keeper.Data{}, err
	}
	op := &decrypt{blob: blob, warn: k.warn}
	if err := k.run(ctx, w.MasterKey, op); err != nil {
		return keeper.Data{}, err
	}
	return op.plain, nil
}

// Asks reports whether a person may have to give an MFA code to unwrap w.
func (k *Keeper) Asks(_ context.Context, w keeper.WrappedKey) bool {
	if k.err != nil {
		return false
	}
	t, err := k.set.Target(w.MasterKey)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(k.set.Candidates(t), k.pool.Asks)
}

// warn shows each warning once.
func (k *Keeper) warn(msg string) {
	k.mu.Lock()
	said := k.warned[msg]
	k.warned[msg] = true
	k.mu.Unlock()
	if !said && k.o.Warn != nil {
		k.o.Warn(msg)
	}
}
