// Package pgp wraps data keys under OpenPGP keys.
//
// The wrapped key is an OpenPGP message in ASCII armor, without a newline at
// its end, that is encrypted to the one key that the entry names:
//
//	-----BEGIN PGP MESSAGE-----
//	...
//	-----END PGP MESSAGE-----
//
// The work is done by gpg as the user has it set up: its home, its agent, its
// smart cards, its prompts for passphrases. What gpg says is read from its
// status lines, which are the same in every language. No secret is ever an
// argument or in a file: data keys go through pipes, and passphrases from
// pinentry to the agent.
//
// Keys in plain files are read by this package itself in two cases: where
// SOPS_PGP_KEYRING names the file, and where gpg is not installed and its home
// has the keyrings of GnuPG 1, which SOPS reads too.
package pgp

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/internal/kept"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/pgp/pgpkey"
)

// Variables that are read here. All others of gpg reach it unread.
const (
	varProgram    = "SOPS_GPG_EXEC"
	varKeyring    = "SOPS_PGP_KEYRING"
	varHome       = "GNUPGHOME"
	varTTY        = "GPG_TTY"
	fieldFP       = pgpkey.FieldFP
	defaultGPG    = "gpg"
	connectAgent  = "gpg-connect-agent"
	homeDirectory = ".gnupg"
)

// Options say which gpg is used and what it gets to know of the user's terminal.
type Options struct {
	// Env is the environment; nil is that of the process.
	Env func(name string) (value string, set bool)
	// TTY returns the device of the user's terminal, "" if there is none. Nil
	// means that there is none.
	TTY func() string
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Patience is how long gpg may take where no person can be asked; 0 means
	// half a minute.
	Patience time.Duration
}

// A Keeper wraps and unwraps data keys with OpenPGP.
type Keeper struct {
	o     Options
	turn  kept.Turn // held by the one decryption that the agent works on
	named func() *keyring
	old   func() *keyring

	listing kept.Turn    // held by the call that lists secret keys
	secrets *[]publicKey // the keys whose secret part gpg has; nil until they are listed

	mu     sync.Mutex
	public map[string][]publicKey // what gpg has listed so far, by name
}

const defaultPatience = 30 * time.Second

// New returns a Keeper. It runs and reads nothing before a key is used.
func New(o Options) *Keeper {
	if o.Env == nil {
		o.Env = env.OS()
	}
	if o.TTY == nil {
		o.TTY = func() string { return "" }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Patience == 0 {
		o.Patience = defaultPatience
	}
	k := &Keeper{o: o, public: map[string][]publicKey{}}
	k.named = sync.OnceValue(k.readNamed)
	k.old = sync.OnceValue(k.readOld)
	return k
}

// Kind returns "pgp".
func (*Keeper) Kind() string { return keeper.PGP }

// Wrap encrypts d to the key of m.
func (k *Keeper) Wrap(ctx context.Context, m keeper.MasterKey, d keeper.Data) (keeper.WrappedKey, error) {
	n, err := parseName(m.Text(fieldFP))
	if err != nil {
		return keeper.WrappedKey{}, err
	}
	enc, err := k.encrypt(ctx, n, d)
	if err != nil {
		return keeper.WrappedKey{}, err
	}
	return keeper.WrappedKey{MasterKey: m, Enc: enc, Created: k.o.Now().UTC().Truncate(time.Second)}, nil
}

// encrypt chooses what encrypts: a keyring that has the key, or gpg.
func (k *Keeper) encrypt(ctx context.Context, n name, d keeper.Data) (string, error) {
	ring, err := k.keyringWith(func(r *keyring) bool { return len(r.find(n)) > 0 })
	if err != nil {
		return "", err
	}
	if ring != nil {
		return ring.encrypt(n, d, k.o.Now())
	}
	enc, err := k.encryptByGPG(ctx, n, d)
	return enc, k.besideKeyring(err)
}

// Unwrap decrypts w with the secret key that the user has.
func (k *Keeper) Unwrap(ctx context.Context, w keeper.WrappedKey) (keeper.Data, error) {
	m, err := parseMessage(w.Enc)
	if err != nil {
		return keeper.Data{}, err
	}
	ring, err := k.keyringWith(func(r *keyring) bool { return r.opens(m) })
	if err != nil {
		return keeper.Data{}, err
	}
	if ring != nil {
		return ring.decrypt(w.Enc, m, k.o.Now())
	}
	d, err := k.decryptByGPG(ctx, w, m)
	return d, k.besideKeyring(err)
}

// besideKeyring says of gpg's absence why gpg was needed at all.
func (k *Keeper) besideKeyring(err error) error {
	if r := k.named(); r != nil && errors.As(err, new(*MissingError)) {
		return fmt.Errorf("%s does not have the key, and %w", r.name, err)
	}
	return err
}

// Asks reports whether a person may have to enter a passphrase or handle a card
// before w can be unwrapped. Wrapping takes public keys and never asks.
func (k *Keeper) Asks(ctx context.Context, w keeper.WrappedKey) bool {
	m, err := parseMessage(w.Enc)
	if err != nil {
		return false
	}
	ring, err := k.keyringWith(func(r *keyring) bool { return r.opens(m) })
	return err == nil && ring == nil && k.agentAsks(ctx, m)
}

// keyringWith returns the keyring that has what is looked for; nil is gpg.
func (k *Keeper) keyringWith(has func(*keyring) bool) (*keyring, error) {
	if r := k.named(); r != nil {
		if r.err != nil {
			return nil, r.err
		}
		if has(r) {
			return r, nil
		}
	}
	if _, err := k.program(); err == nil {
		return nil, nil
	}
	if r := k.old(); r != nil && has(r) {
		return r, nil
	}
	return nil, nil
}
