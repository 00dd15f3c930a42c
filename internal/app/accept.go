package app

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/internal/keyplan"
	"github.com/seed-1f7fdfb8/sops/internal/meta"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// A vouched file takes note of which of its keys belong into it.
type vouched interface {
	keyplan.Seal
	Vouch([]keeper.MasterKey)
}

// Vouch decides whether the keys of g may get a data key. Anybody who can write
// to a file may have added a key of their own, made fewer groups suffice, or
// brought back an old version with a key that was removed since. So where a
// creation rule speaks, keys that it does not name take a yes, seal or no seal.
// Where none does, only keys that were put into a sealed list do: SOPS 3.13.3
// writes no seals and asks for nothing. Groups that are split afresh get no new
// data key, so that a seal is enough for them.
func (a *App) Vouch(ctx context.Context, s *Source, f vouched, g keyplan.Grant, accepted bool) error {
	r, err := a.SpeakingRule(s)
	if err != nil && !accepted {
		return refuseKeys(s, fmt.Errorf("which keys belong into the file is not known: %w", err))
	}
	var rule *keeper.Groups
	if r != nil {
		rule = &keeper.Groups{Groups: r.Groups, Threshold: r.Threshold}
	}
	doubts := g.Doubts(f, rule)
	if len(doubts) > 0 && !accepted {
		if err := a.confirmKeys(ctx, s, f, strings.Join(doubts, ", ")); err != nil {
			return err
		}
	}
	f.Vouch(g.Named)
	if r != nil || len(doubts) > 0 || accepted {
		f.Vouch(slices.Concat(g.After...))
	}
	return nil
}

// confirmKeys asks whether the keys of list may get the data key.
func (a *App) confirmKeys(ctx context.Context, s *Source, f vouched, list string) error {
	why := "the file differs from .sops.yaml, or its list of keys from the sealed one"
	if len(f.Unverified()) > 0 {
		why = "the file carries no seal and differs from .sops.yaml"
		if len(f.Injected()) > 0 {
			why = "seal mismatch: the list of master keys was changed outside of sops"
		}
	}
	refusal := refuseKeys(s, fmt.Errorf("%s, so this may have been put there by another user: %s", why, list))
	t, err := a.Terminal()
	if err != nil {
		return refusal
	}
	defer t.Close()
	yes, err := t.Confirm(ctx, fmt.Sprintf("sops: %s: give out the data key although no rule vouches for: %s?", hint.Clean(s.Path), list))
	if err != nil || !yes {
		return refusal
	}
	return nil
}

func refuseKeys(s *Source, err error) error {
	return &Error{Kind: Other, Err: err, Advice: []string{
		"put what belongs there into .sops.yaml, and take out of the file what does not, with: sops updatekeys " + hint.Path(s.Path),
		"to give the data key to all of them as they are, add --accept-keys",
	}}
}

// KeysOf returns the master keys of a file.
func KeysOf(m *meta.Metadata) keeper.Groups {
	return keeper.Groups{Groups: m.MasterKeys(), Threshold: m.Threshold}
}
