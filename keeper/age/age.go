// Package age wraps data keys for age recipients: native ones (age1...,
// age1pq1...), plugins (age1NAME1...) and SSH public keys.
//
// The wrapped key is an age file of its own, in ASCII armor, with the one
// recipient that the entry names. To unwrap it the recipient does not matter:
// every identity that the user has is tried, in this order:
//
//  1. those that are at hand, in the environment and in files;
//  2. what the commands in the environment print;
//  3. those for which a person must do something: files and SSH keys with a
//     passphrase, plugins.
//
// Each step comes only after the one before it has failed, so no passphrase is
// asked for without need, and none twice in a run.
package age

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"

	"filippo.io/age"

	"filippo.io/age/armor"

	"github.com/seed-1f7fdfb8/sops/internal/deadline"
	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/internal/helper"
	"github.com/seed-1f7fdfb8/sops/internal/kept"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// Options say where identities come from and who can be asked. The zero value is
// the environment of the process, with no user to ask.
type Options struct {
	// Env holds the variables that name identities; nil is the environment of the
	// process.
	Env func(name string) (value string, set bool)
	// Passphrase asks for a secret; nil means that no user can be asked.
	Passphrase func(prompt string) ([]byte, error)
	// Ask asks plugins' questions that are no secret; it may be nil.
	Ask func(prompt string) (string, error)
	// Tell shows what a plugin wants done, such as touching a token; it may be
	// nil.
	Tell func(msg string)
	// Warn takes notes on identities that are badly kept; it may be nil.
	Warn func(msg string)
	// Run runs a command with extra variables of the form NAME=value and
	// returns what it prints; nil runs it for real.
	Run func(ctx context.Context, argv, vars []string) ([]byte, error)
	// Stderr is where commands write their complaints; nil discards them.
	Stderr io.Writer
}

// A Keeper wraps and unwraps data keys with age.
type Keeper struct {
	o     Options
	ready func() []*place // what needs no command, read once
	ssh   func() []*place // SSH keys, read once if a wrapped key is for one
	turn  kept.Turn       // held by the call that runs commands or asks a person

	mu       sync.Mutex
	commands []*place // what commands have printed so far
}

// New returns a Keeper. It reads no identity before one is needed.
func New(o Options) *Keeper {
	for _, f := range []*func(string){&o.Tell, &o.Warn} {
		if *f == nil {
			*f = func(string) {}
		}
	}
	if o.Env == nil {
		o.Env = env.OS()
	}
	if o.Run == nil {
		o.Run = o.run
	}
	k := &Keeper{o: o}
	k.ready = sync.OnceValue(k.readPlaces)
	k.ssh = sync.OnceValue(k.readSSHPlaces)
	return k
}

// Kind returns "age".
func (*Keeper) Kind() string { return keeper.Age }

// Wrap encrypts d to the recipient of m.
func (k *Keeper) Wrap(ctx context.Context, m keeper.MasterKey, d keeper.Data) (keeper.WrappedKey, error) {
	r, err := k.recipient(m.Text("recipient"))
	if err != nil {
		return keeper.WrappedKey{}, err
	}
	text, err := promptly(ctx, func() (string, error) { return encrypt(d.Bytes(), r) })
	if err != nil {
		return keeper.WrappedKey{}, explainPlugin(err)
	}
	return keeper.WrappedKey{MasterKey: m, Enc: text}, nil
}

func encrypt(secret []byte, r age.Recipient) (string, error) {
	var out strings.Builder
	armored := armor.NewWriter(&out)
	w, err := age.Encrypt(armored, r)
	if err != nil {
		return "", err
	}
	if _, err := w.Write(secret); err != nil {
		return "", err
	}
	if err := errors.Join(w.Close(), armored.Close()); err != nil {
		return "", err
	}
	return out.String(), nil
}

// Unwrap decrypts w with the first identity that can.
func (k *Keeper) Unwrap(ctx context.Context, w keeper.WrappedKey) (keeper.Data, error) {
	t := &trial{keeper: k, enc: w.Enc}
	d, err := deadline.Until(ctx, t.open)
	if errors.Is(err, errNoMatch) && t.more() {
		d, err = k.unwrapLoudly(ctx, t, w.Text("recipient"))
	}
	if errors.Is(err, errNoMatch) {
		err = t.failure(w.Text("recipient"))
	}
	return d, err
}

// unwrapLoudly goes on with what Unwrap must not do unless it has to.
func (k *Keeper) unwrapLoudly(ctx context.Context, t *trial, recipient string) (keeper.Data, error) {
	leave, err := k.turn.Take(ctx)
	if err != nil {
		return keeper.Data{}, err
	}
	return promptly(ctx, func() (keeper.Data, error) {
		// A prompt still has the terminal when its answer has lost its use.
		defer leave()
		k.runCommands(ctx, t.commands(), recipient)
		d, err := t.open()
		if errors.Is(err, errNoMatch) {
			t.loud = true
			d, err = t.open()
		}
		return d, err
	})
}

// Asks reports whether a person may have to do something before w can be
// unwrapped: no identity that is at hand opens it, and there are others. Of a
// key that has wrapped nothing yet it reports whether wrapping may ask.
func (k *Keeper) Asks(ctx context.Context, w keeper.WrappedKey) bool {
	if w.Enc == "" {
		return isPlugin(w.Text("recipient"))
	}
	t := &trial{keeper: k, enc: w.Enc}
	_, err := deadline.Until(ctx, t.open)
	return errors.Is(err, errNoMatch) && t.more()
}

// promptly returns what f returns, or ctx's error as soon as ctx ends, in which
// time a person may be asked. The library of age cannot cancel plugins: they are
// ended from outside. Prompts end with the terminal or the process. What comes
// of both is dropped.
func promptly[T any](ctx context.Context, f func() (T, error)) (T, error) {
	defer deadline.Pause(ctx)()
	v, err := deadline.Until(ctx, f)
	if ctx.Err() != nil {
		helper.EndChildren(func(line string) bool {
			return strings.Contains(line, "age-plugin-") && strings.Contains(line, "--age-plugin=")
		})
	}
	return v, err
}
