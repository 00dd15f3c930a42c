package mergefile

import (
	"errors"
	"fmt"

	"github.com/seed-1f7fdfb8/sops/internal/rule"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// mergeSettings merges the selection rule, and what the metadata has, into the metadata of
// the winner. Where both sides changed the rule, those of both sides are returned,
// to be chosen by what they leave readable.
func (m *merging) mergeSettings(winner *side) []rule.Rule {
	other := m.other(winner)
	w := winner.decrypted.Meta
	if other.decrypted == nil {
		return []rule.Rule{w.Selection}
	}
	t := other.decrypted.Meta
	var base *side
	if base = m.sides[Base]; base == nil || base.decrypted == nil {
		base = winner
	}
	o := base.decrypted.Meta
	if w.MACOnlyEncrypted == o.MACOnlyEncrypted {
		w.MACOnlyEncrypted = t.MACOnlyEncrypted
	}
	if w.Plain == o.Plain {
		w.Plain = t.Plain
	}
	switch {
	case w.Selection == t.Selection:
		return []rule.Rule{w.Selection}
	case t.Selection == o.Selection:
		return []rule.Rule{w.Selection, t.Selection}
	case w.Selection == o.Selection:
		m.notef("the rule that says what is encrypted is that of %s: %s", m.nameOf(other), t.Selection)
		return []rule.Rule{t.Selection, w.Selection}
	}
	m.conflict(Settings, fmt.Sprintf("both sides changed what is encrypted: ours %s, theirs %s",
		m.sides[Ours].decrypted.Meta.Selection, m.sides[Theirs].decrypted.Meta.Selection))
	return []rule.Rule{w.Selection, t.Selection}
}

// hide sets the first of the rules under which nothing becomes readable that
// neither side left so.
func (m *merging) hide(winner *side, rules []rule.Rule, want []*tree.Map) error {
	readable := map[[2]string]bool{}
	for _, s := range []*side{m.sides[Ours], m.sides[Theirs]} {
		if s.decrypted == nil {
			continue
		}
		sel, err := s.decrypted.Meta.Selection.CompileStored()
		if err != nil {
			return err
		}
		for leaf := range sel.Leaves(s.trees) {
			if leaf.Scalar != nil && !leaf.Secret {
				readable[[2]string{string(leaf.AAD), leaf.Scalar.Value.Canonical()}] = true
			}
		}
	}
	for i, r := range rules {
		exposed, err := exposes(r, want, readable)
		if err != nil {
			return err
		}
		if exposed == "" {
			winner.rule = &rules[i]
			return nil
		}
		if i == 0 {
			m.conflict(Settings, fmt.Sprintf("%s would become readable under the rule %s; the file keeps another", exposed, r))
		}
	}
	return errors.New("no rule of the sides keeps encrypted what is so on either")
}

// exposes returns a value that a rule leaves readable and that no side does.
func exposes(r rule.Rule, want []*tree.Map, readable map[[2]string]bool) (at string, err error) {
	sel, err := r.CompileStored()
	if err != nil {
		return "", err
	}
	for leaf := range sel.Leaves(want) {
		if leaf.Scalar == nil || leaf.Secret || leaf.Scalar.Value.Kind() == tree.Null || leaf.Scalar.Value.Empty() {
			continue
		}
		if !readable[[2]string{string(leaf.AAD), leaf.Scalar.Value.Canonical()}] && at == "" {
			at = fmt.Sprintf("%q", string(leaf.AAD))
		}
	}
	return at, nil
}
