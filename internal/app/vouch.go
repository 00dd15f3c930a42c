package app

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-1f7fdfb8/sops"
	"github.com/seed-1f7fdfb8/sops/key"
)

// vouch decides whether a new data key may be wrapped for the keys of a file
// that carries no seal, to which anybody who can write to the file may have
// added a key of their own. Those of the creation rule are known; for others
// somebody must say yes. Where there is no rule to compare with, a warning is
// all that can be done: most files of the field have neither.
func (a *App) vouch(ctx context.Context, s *source, o *sops.Opened, groups [][]key.MasterKey, accepted bool) error {
	if s.config != nil {
		if r, err := s.config.RuleFor(a.rulePath(s.File)); err == nil {
			for _, g := range r.Groups {
				o.Vouch(g)
			}
		}
	}
	var unknown []key.MasterKey
	for _, m := range o.Unverified() {
		if slices.ContainsFunc(groups, func(g []key.MasterKey) bool { return has(g, m) }) {
			unknown = append(unknown, m)
		}
	}
	if len(unknown) == 0 || accepted {
		o.Vouch(unknown)
		return nil
	}
	names := make([]string, len(unknown))
	for i, m := range unknown {
		names[i] = m.Kind + " " + m.Identity()
	}
	list := strings.Join(names, ", ")
	if s.config == nil || !s.config.HasRules() {
		a.verbosef("the file carries no seal, and there is no rule to compare its keys with: %s", list)
		return nil
	}
	return a.confirmKeys(ctx, o, unknown, list)
}

func (a *App) confirmKeys(ctx context.Context, o *sops.Opened, unknown []key.MasterKey, list string) error {
	refusal := fail(codeGeneric, "put them into .sops.yaml, remove them with --rm-..., or say yes with --accept-keys",
		"the file carries no seal and has keys that .sops.yaml does not name, so they may have been put there by somebody else: %s", list)
	t, err := a.Terminal()
	if err != nil {
		return refusal
	}
	defer t.Close()
	yes, err := t.Confirm(ctx, fmt.Sprintf("sops: give the new data key to these keys, which .sops.yaml does not name: %s?", list))
	if err != nil || !yes {
		return refusal
	}
	o.Vouch(unknown)
	return nil
}

func has(g []key.MasterKey, m key.MasterKey) bool {
	return slices.ContainsFunc(g, func(n key.MasterKey) bool { return n.Kind == m.Kind && n.Identity() == m.Identity() })
}
