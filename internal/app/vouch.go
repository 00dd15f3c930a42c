package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/config"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/internal/rule"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// A giving is the keys that are about to get a data key.
type giving struct {
	before, after [][]keeper.MasterKey // the groups of the file, now and then
	named         []keeper.MasterKey   // those that flags of this run name
	needed        int                  // how many groups open the file
	sealVouches   bool                 // a seal does as well as a rule
	always        bool                 // where neither a seal nor a rule speaks, ask
}

// An openedFile knows what its seal says of its keys.
type openedFile interface {
	Unverified() []keeper.MasterKey
	Injected() []keeper.MasterKey
	Vouch([]keeper.MasterKey)
}

// vouch decides whether the keys of g may get a data key. Anybody who can write
// to a file may have added a key of their own, made fewer groups suffice, or
// brought back an old version with a key that was removed since. So where a
// creation rule speaks, keys that it does not name take a yes, seal or no seal.
// Where none does, only keys that were put into a sealed list do: SOPS 3.13.3
// writes no seals and asks for nothing. Groups that are split afresh get no new
// data key, so that a seal is enough for them.
func (a *App) vouch(ctx context.Context, s *source, f openedFile, g giving, accepted bool) error {
	r, err := a.speakingRule(s)
	if err != nil && !accepted {
		return refuseKeys(s, fmt.Errorf("which keys belong into the file is not known: %w", err))
	}
	doubts := g.doubts(f, r)
	if len(doubts) > 0 && !accepted {
		if err := a.confirmKeys(ctx, s, f, strings.Join(doubts, ", ")); err != nil {
			return err
		}
	}
	f.Vouch(g.named)
	if r != nil || len(doubts) > 0 || accepted {
		f.Vouch(slices.Concat(g.after...))
	}
	return nil
}

// speakingRule returns the creation rule that says which keys belong into s, nil
// if none does.
func (a *App) speakingRule(s *source) (*config.Rule, error) {
	r, err := a.ruleFor(s)
	if err != nil || r == nil || len(r.Groups) == 0 {
		return nil, err
	}
	return r, nil
}

// ruleFor returns the creation rule that matches s, nil if none does.
func (a *App) ruleFor(s *source) (*config.Rule, error) {
	if s.config == nil {
		return nil, nil // where it cannot be read: see knowsRule
	}
	r, err := s.config.RuleFor(a.rulePath(s.File))
	if errors.Is(err, config.ErrNoRules) || errors.Is(err, config.ErrNoRule) {
		return nil, nil
	}
	return r, err
}

// doubts lists what neither the rule nor this run's flags vouch for; what the
// seal says counts where there is no rule.
func (g giving) doubts(f openedFile, r *config.Rule) []string {
	var out []string
	suspects := f.Injected()
	switch {
	case r != nil && !g.sealVouches:
		suspects = slices.Concat(g.before...)
	case r != nil || g.always:
		suspects = f.Unverified()
	}
	if r != nil && len(suspects) > 0 {
		if want := groupsNeeded(r.Threshold, len(r.Groups)); g.needed < want {
			out = append(out, fmt.Sprintf("%d groups suffice instead of %d", g.needed, want))
		}
	}
	for i, keys := range g.after {
		for _, m := range keys {
			if has(suspects, m) && !has(g.named, m) && !g.ruled(r, i, m) {
				out = append(out, m.Name()+inGroup(i, len(g.after)))
			}
		}
	}
	return out
}

// ruled reports whether the rule has m in the group of the new number i, or in
// that where the file has it: a rule may be as it was before a group went.
func (g giving) ruled(r *config.Rule, i int, m keeper.MasterKey) bool {
	if r == nil {
		return false
	}
	for j, wanted := range r.Groups {
		if slices.ContainsFunc(wanted, func(w keeper.MasterKey) bool { return keeper.Same(w.Settled([]keeper.MasterKey{m}), m) }) && (i == j || j < len(g.before) && has(g.before[j], m)) {
			return true
		}
	}
	return false
}

// groupsNeeded is how many groups open a file.
func groupsNeeded(threshold, groups int) int {
	switch {
	case groups == 1:
		return 1
	case threshold == 0:
		return groups
	}
	return threshold
}

func inGroup(i, groups int) string {
	if groups == 1 {
		return ""
	}
	return fmt.Sprintf(" in group %d", i+1)
}

// confirmKeys asks whether the keys of list may get the data key.
func (a *App) confirmKeys(ctx context.Context, s *source, f openedFile, list string) error {
	why := "the file differs from .sops.yaml, or its list of keys from the sealed one"
	if len(f.Unverified()) > 0 {
		why = "the file carries no seal and differs from .sops.yaml"
		if len(f.Injected()) > 0 {
			why = "seal mismatch: the list of master keys was changed outside of sops"
		}
	}
	refusal := refuseKeys(s, fmt.Errorf("%s, so this may have been put there by somebody else: %s", why, list))
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

func refuseKeys(s *source, err error) error {
	return &Error{Code: codeGeneric, Err: err, Advice: []string{
		"put what belongs there into .sops.yaml, and take out of the file what does not, with: sops updatekeys " + hint.Path(s.Path),
		"to give the data key to all of them as they are, add --accept-keys",
	}}
}

func has(g []keeper.MasterKey, m keeper.MasterKey) bool {
	return slices.ContainsFunc(g, func(n keeper.MasterKey) bool { return keeper.Same(n, m) })
}

// sameSelection reports whether two selection rules are one.
func sameSelection(a, b rule.Rule) bool { return described(a) == described(b) }
