package app

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-1f7fdfb8/sops"
	"github.com/seed-1f7fdfb8/sops/key"
)

// vouch decides whether a new data key may be wrapped for the keys of a file
// that carries no seal, to which anybody who can write to the file may have
// added a key of their own, or made fewer groups suffice. What the creation rule
// says is known; for the rest somebody must say yes. Where there is no rule to
// compare with, a warning is all that can be done: most files of the field have
// neither.
func (a *App) vouch(ctx context.Context, s *source, o *sops.Opened, groups [][]key.MasterKey, accepted bool) error {
	unverified := o.Unverified()
	if len(unverified) == 0 {
		return nil
	}
	var wanted [][]key.MasterKey
	var doubts []string
	if s.config != nil {
		if r, err := s.config.RuleFor(a.rulePath(s.File)); err == nil {
			wanted = r.Groups
			if have, want := needed(o.Meta.Threshold, len(groups)), needed(r.Threshold, len(r.Groups)); len(wanted) > 0 && have < want {
				doubts = append(doubts, fmt.Sprintf("%d groups suffice instead of %d", have, want))
			}
		}
	}
	for i, g := range groups {
		for _, m := range g {
			if has(unverified, m) && (i >= len(wanted) || !has(wanted[i], m)) {
				doubts = append(doubts, m.Kind+" "+m.Identity()+inGroup(i, len(groups)))
			}
		}
	}
	list := strings.Join(doubts, ", ")
	switch {
	case len(doubts) == 0 || accepted:
		o.Vouch(unverified)
		return nil
	case s.config == nil || !s.config.HasRules():
		a.warnf("%s carries no seal, and no rule says whose keys belong into it; they get the new data key as they stand: %s", s.Path, list)
		return nil
	}
	return a.confirmKeys(ctx, o, unverified, list)
}

// needed is how many groups open a file.
func needed(threshold, groups int) int { return cmp.Or(threshold, groups) }

func inGroup(i, groups int) string {
	if groups == 1 {
		return ""
	}
	return fmt.Sprintf(" in group %d", i+1)
}

func (a *App) confirmKeys(ctx context.Context, o *sops.Opened, unknown []key.MasterKey, list string) error {
	refusal := fail(codeGeneric, "put them into .sops.yaml, remove them with --rm-..., or say yes with --accept-keys",
		"the file carries no seal and differs from .sops.yaml, so this may have been put there by somebody else: %s", list)
	t, err := a.Terminal()
	if err != nil {
		return refusal
	}
	defer t.Close()
	yes, err := t.Confirm(ctx, fmt.Sprintf("sops: give out the new data key although .sops.yaml says otherwise: %s?", list))
	if err != nil || !yes {
		return refusal
	}
	o.Vouch(unknown)
	return nil
}

func has(g []key.MasterKey, m key.MasterKey) bool {
	return slices.ContainsFunc(g, func(n key.MasterKey) bool { return sops.SameKey(n, m) })
}
