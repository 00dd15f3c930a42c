package pgp

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// decryptByGPG decrypts w, one message at a time: the memory in which the agent
// keeps secrets is small, and prompts would cover each other.
func (k *Keeper) decryptByGPG(ctx context.Context, w keeper.WrappedKey, m message) (keeper.Data, error) {
	leave, err := k.turn.Take(ctx)
	if err != nil {
		return keeper.Data{}, err
	}
	defer leave()
	ctx, cancel := k.patient(ctx)
	defer cancel()
	c := call{stdin: []byte(strings.TrimSpace(w.Enc) + "\n"), max: maxMessage, prompt: true, args: []string{"--output", "-", "--decrypt"}}
	o, err := k.run(ctx, c)
	if err == nil && o.status.failed(codeNoMemory) {
		o, err = k.run(ctx, c) // another program had the agent's memory
	}
	var slow impatience
	switch {
	case errors.As(context.Cause(ctx), &slow):
		return keeper.Data{}, slow
	case err != nil:
		return keeper.Data{}, err
	case !o.ok || !o.status.has("DECRYPTION_OKAY"):
		clear(o.out)
		return keeper.Data{}, k.notDecrypted(ctx, w, m, o.status)
	}
	return keeper.NewData(o.out), nil
}

// patient limits how long gpg may take where no person can answer a prompt: an
// agent that hangs would hold up a pipeline for ever. A person takes as long as
// a person takes.
func (k *Keeper) patient(ctx context.Context) (context.Context, context.CancelFunc) {
	if k.attended() {
		return ctx, func() {}
	}
	return context.WithTimeoutCause(ctx, k.o.Patience, impatience{k.o.Patience.String()})
}

// attended reports whether pinentry may find a person.
func (k *Keeper) attended() bool {
	for _, name := range []string{varTTY, "DISPLAY", "WAYLAND_DISPLAY"} {
		if env.Env(k.o.Env).Get(name) != "" {
			return true
		}
	}
	return k.o.TTY() != "" || runtime.GOOS == "darwin" || runtime.GOOS == "windows"
}

// impatience is the error of waiting for gpg in vain.
type impatience struct{ after string }

func (e impatience) Error() string {
	return fmt.Sprintf("gpg gave no answer within %s, and there is no terminal on which it could ask", e.after)
}

// Hints says what ends an agent that hangs.
func (impatience) Hints() []string {
	return []string{"if the agent hangs, end it with: gpgconf --kill gpg-agent"}
}

// notDecrypted says why gpg did not decrypt.
func (k *Keeper) notDecrypted(ctx context.Context, w keeper.WrappedKey, m message, s status) error {
	switch {
	case s.failed(codeCanceled, codeFullyCanceled):
		return refuse("the prompt for the passphrase was cancelled", "enter the passphrase, or use another key of the file with --decryption-order")
	case s.failed(codeBadPassphrase):
		return refuse("the passphrase was wrong")
	case s.failed(codeBadPIN):
		return refuse("the PIN of the smart card was wrong", "see how many attempts are left with: gpg --card-status")
	case s.failed(codePINBlocked):
		return refuse("the PIN of the smart card is blocked", "unblock it with: gpg --change-pin")
	case s.failed(codeNoCard, codeCardRemoved):
		return refuse("the smart card with the secret key is not in the reader", "insert it, and see whether gpg finds it with: gpg --card-status")
	case s.failed(codeNoTerminal):
		return refuse("gpg needs a passphrase, and pinentry found no terminal to ask on", noTerminal()...)
	case s.failed(codeNoPinentry, codePinentry):
		return refuse("gpg needs a passphrase, and pinentry cannot be run", append([]string{
			"install pinentry (for example: apt-get install pinentry-curses), or name one in gpg-agent.conf: pinentry-program PATH",
		}, noTerminal()...)...)
	case s.failed(codeTimeout):
		return refuse("the prompt for the passphrase was not answered in time")
	case s.failed(codeNoAgent):
		return refuse("gpg cannot reach its agent", "start it with: gpgconf --launch gpg-agent")
	case s.failed(codeForbidden):
		return refuse("the agent that gpg reaches here may not be used for this")
	case s.has("NEED_PASSPHRASE") && len(s.codes("pkdecrypt_failed")) == 0:
		return refuse("gpg needs a passphrase and is set up to ask for it itself, which it cannot do here",
			"take pinentry-mode loopback out of gpg.conf, so that the agent asks")
	case s.has("NODATA"):
		return damaged("gpg finds no message in it")
	case s.has("NO_SECKEY") || s.failed(codeNoSecretKey):
		return k.noSecretKey(ctx, w, m)
	case s.has("BADMDC"), s.has("DECRYPTION_FAILED") && len(s.codes("pkdecrypt_failed")) == 0:
		return damaged("gpg cannot decrypt it")
	}
	return refuse(said("gpg did not decrypt", s))
}

func noTerminal() []string {
	return []string{
		"in a terminal, say where it is: export GPG_TTY=$(tty)",
		"in a pipeline, import a key without a passphrase, or give it to the agent beforehand with gpg-preset-passphrase",
	}
}

// noSecretKey says that the user has none of the keys that the message is for.
func (k *Keeper) noSecretKey(ctx context.Context, w keeper.WrappedKey, m message) error {
	e := &NoSecretKeyError{FP: clean(w.Text(fieldFP)), IDs: m.ids, home: k.home()}
	for _, key := range k.secretKeys(ctx) {
		for _, p := range key.parts {
			if m.isFor(p) && p.token == "#" {
				e.stub = true
			}
		}
	}
	return e
}

// A NoSecretKeyError says that gpg has no secret key that opens a message.
type NoSecretKeyError struct {
	FP   string   // as the file names it
	IDs  []string // the key ids that the message names
	home string
	stub bool // the subkey is there without its secret part
}

func (e *NoSecretKeyError) Error() string {
	if e.stub {
		return fmt.Sprintf("gpg has the key in %s without its secret part (key id %s)", clean(e.home), strings.Join(e.IDs, ", "))
	}
	text := "gpg has no secret key for it"
	if e.home != "" {
		text += " in " + clean(e.home)
	}
	if named := strings.Join(e.IDs, ", "); named != "" && named != anonymous {
		text += " (key id " + named + ")"
	}
	return text
}

// Hints says where a secret key comes from.
func (e *NoSecretKeyError) Hints() []string {
	return []string{
		"import the secret key of " + e.FP + " with: gpg --import KEYFILE",
		"if it is on a smart card, import the public key, insert the card and run: gpg --card-status",
	}
}
