package age

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"

	"filippo.io/age/armor"

	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

var errNoMatch = errors.New("no identity fits")

// trial is the attempt to open one wrapped key.
type trial struct {
	keeper  *Keeper
	enc     string
	loud    bool // identities may ask a person
	held    bool // one was held back, since it would have asked
	ssh     bool // the wrapped key is for an SSH key
	reasons []reason
}

// reason is why an identity failed, other than by not fitting.
type reason struct {
	place *place
	err   error
}

// open tries all identities that are known so far.
func (t *trial) open() (keeper.Data, error) {
	t.reasons = nil
	ids := t.attempts(t.keeper.ready(), t.keeper.printed())
	ids = append(ids, &sshAttempts{t})
	r, err := age.Decrypt(armor.NewReader(strings.NewReader(t.enc)), ids...)
	var noMatch *age.NoIdentityMatchError
	if errors.As(err, &noMatch) {
		return keeper.Data{}, errNoMatch
	}
	if err != nil {
		return keeper.Data{}, fmt.Errorf("the wrapped key is damaged: %w", err)
	}
	b, err := io.ReadAll(io.LimitReader(r, 4*keeper.Size)) // more is no data key
	if err != nil {
		return keeper.Data{}, fmt.Errorf("the wrapped key is damaged: %w", err)
	}
	return keeper.NewData(b), nil
}

// more reports whether there is more to try once open has failed.
func (t *trial) more() bool { return t.held || len(t.commands()) > 0 }

// commands returns the variables with the commands that may help.
func (t *trial) commands() []string {
	var names []string
	if env.Env(t.keeper.o.Env).Get(varKeyCmd) != "" {
		names = append(names, varKeyCmd)
	}
	if t.ssh && env.Env(t.keeper.o.Env).Get(varSSHKeyCmd) != "" {
		names = append(names, varSSHKeyCmd)
	}
	return names
}

func (t *trial) attempts(places ...[]*place) []age.Identity {
	var ids []age.Identity
	for _, some := range places {
		for _, p := range some {
			for _, id := range p.identities {
				ids = append(ids, &attempt{trial: t, place: p, identity: id})
			}
		}
	}
	return ids
}

// attempt is an identity that keeps its errors to the trial, so that age goes
// on with the next one.
type attempt struct {
	trial    *trial
	place    *place
	identity age.Identity
}

func (a *attempt) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	if q, ok := a.identity.(asker); ok && !a.trial.loud && q.wouldAsk(stanzas) {
		a.trial.held = true
		return nil, age.ErrIncorrectIdentity
	}
	fileKey, err := a.identity.Unwrap(stanzas)
	if err != nil {
		if !errors.Is(err, age.ErrIncorrectIdentity) {
			a.trial.reasons = append(a.trial.reasons, reason{a.place, err})
		}
		return nil, age.ErrIncorrectIdentity
	}
	return fileKey, nil
}

// sshAttempts is the user's SSH keys. They are read only for a wrapped key that
// is for one: to check an RSA key takes longer than all else that sops does.
type sshAttempts struct{ trial *trial }

func (s *sshAttempts) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	for _, st := range stanzas {
		s.trial.ssh = s.trial.ssh || strings.HasPrefix(st.Type, "ssh-")
	}
	if s.trial.ssh {
		for _, id := range s.trial.attempts(s.trial.keeper.ssh()) {
			if fileKey, err := id.Unwrap(stanzas); err == nil {
				return fileKey, nil
			}
		}
	}
	return nil, age.ErrIncorrectIdentity
}
