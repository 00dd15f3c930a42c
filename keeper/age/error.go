package age

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"filippo.io/age"

	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
)

// A NoIdentityError says that none of the user's identities opens a wrapped
// key: where they were looked for, and what became of each.
type NoIdentityError struct {
	Found  []string // places that have something, with what was wrong
	Empty  []string // places that have nothing
	errs   []error
	advice string
}

var errPublicKey = errors.New("this is a public key, not an identity")

// failure makes the error of a trial that has failed.
func (t *trial) failure(recipient string) *NoIdentityError {
	e := &NoIdentityError{}
	for _, p := range t.places(recipient) {
		if p.empty {
			e.Empty = append(e.Empty, hint.Line(p.name))
		} else {
			e.add(p, t.of(p))
		}
	}
	e.advice = t.advice(e, recipient)
	return e
}

// places returns where identities were looked for.
func (t *trial) places(recipient string) []*place {
	places := slices.Clone(t.keeper.ready())
	names := []string{varKeyCmd}
	if t.ssh {
		places = append(places, t.keeper.ssh()...)
		names = append(names, varSSHKeyCmd)
	}
	for _, p := range t.keeper.printed() {
		if p.recipient == recipient || len(p.identities) > 0 {
			places = append(places, p)
		}
	}
	for _, name := range names {
		if env.Env(t.keeper.o.Env).Get(name) == "" {
			places = append(places, &place{name: name, empty: true})
		}
	}
	return places
}

// of returns the errors of the identities of a place.
func (t *trial) of(p *place) []error {
	var errs []error
	for _, r := range t.reasons {
		if r.place == p {
			errs = append(errs, r.err)
		}
	}
	return errs
}

// add notes what a place has and why that did not help.
func (e *NoIdentityError) add(p *place, reasons []error) {
	errs := slices.Concat(p.notes, reasons)
	e.errs = append(e.errs, errs...)
	var texts []string
	for _, err := range errs {
		texts = append(texts, hint.Line(strings.ReplaceAll(err.Error(), "\n", ", ")))
	}
	switch others := len(p.identities) - len(reasons); {
	case others == 1:
		texts = append(texts, "1 identity, which does not fit")
	case others > 1:
		texts = append(texts, fmt.Sprintf("%d identities, none of which fits", others))
	}
	e.Found = append(e.Found, hint.Line(p.name)+": "+strings.Join(texts, ", "))
}

// advice says what to do about it.
func (t *trial) advice(e *NoIdentityError, recipient string) string {
	for _, err := range e.errs {
		if errors.Is(err, errNobodyToAsk) {
			return "run this in a terminal, or set SOPS_AGE_KEY_FILE to a file with an identity that has no passphrase"
		}
		if errors.Is(err, errPublicKey) {
			return "an identity is the private part of a key: the line AGE-SECRET-KEY-... that age-keygen wrote"
		}
	}
	if own := t.own(); len(own) > 0 {
		text := "the file is not for your key: have " + strings.Join(own, ", ") + " added to .sops.yaml, and let those who can open the file run: sops updatekeys FILE"
		if t.ssh {
			return text + "; or set SOPS_AGE_SSH_PRIVATE_KEY_FILE to another key of yours"
		}
		return text + "; or set SOPS_AGE_KEY_FILE to another key of yours"
	}
	if recipient == "" {
		recipient = "this entry"
	}
	recipient = hint.Line(recipient)
	if t.ssh {
		return "set SOPS_AGE_SSH_PRIVATE_KEY_FILE to the private key of " + recipient
	}
	text := "set SOPS_AGE_KEY_FILE to the file with the private key of " + recipient
	if dirs := t.keeper.configDirs(""); len(dirs) > 0 && len(e.Found) == 0 {
		text += ", or put it into " + filepath.Join(dirs[0], "sops", "age", "keys.txt")
	}
	return text
}

// own returns the recipients of the user's own identities, as far as these tell.
func (t *trial) own() []string {
	var all []string
	for _, places := range [][]*place{t.keeper.ready(), t.keeper.printed()} {
		for _, p := range places {
			for _, id := range p.identities {
				if text := recipientOf(id); text != "" && !slices.Contains(all, text) {
					all = append(all, text)
				}
			}
		}
	}
	const most = 3 // of a person with many keys, the first say enough
	return all[:min(len(all), most)]
}

func recipientOf(id age.Identity) string {
	switch id := id.(type) {
	case *age.X25519Identity:
		return id.Recipient().String()
	case *age.HybridIdentity:
		return id.Recipient().String()
	}
	return ""
}

func (e *NoIdentityError) Error() string {
	if len(e.Found) == 0 {
		return "no age identity was found; there is nothing in " + strings.Join(e.Empty, ", ")
	}
	text := "no age identity opens it: " + strings.Join(e.Found, "; ")
	if len(e.Empty) > 0 {
		text += "; there is nothing in " + strings.Join(e.Empty, ", ")
	}
	return text
}

// Unwrap returns the errors of the identities and their places.
func (e *NoIdentityError) Unwrap() []error { return e.errs }

// Hints says where the identity has to be.
func (e *NoIdentityError) Hints() []string { return []string{e.advice} }
