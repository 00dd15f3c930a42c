package app

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/seed-1f7fdfb8/sops/internal/config"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/internal/rule"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// What the creation rule of a file says.

// ruleOf returns the creation rule of s, without which there is nothing to
// update keys to.
func (a *App) ruleOf(s *source) (*config.Rule, error) {
	if s.config == nil {
		return nil, fail(Other, "put a .sops.yaml with creation_rules beside the file, or name one with --config",
			"%s: config file not found", s.Path)
	}
	r, err := s.config.RuleFor(a.rulePath(s.File))
	if err != nil {
		a.doubts(s.config, s.config.Warnings, err)
		return nil, err
	}
	a.doubts(s.config, s.config.WarningsAbout(r), nil)
	if len(r.Groups) == 0 {
		return nil, s.name(fail(Other, "name keys in the rule", "empty key group provided: the rule on line %d of %s has no keys", r.Line, s.config.Path))
	}
	return r, nil
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

// doubts warns of what is doubtful in the configuration, but for what err says
// already.
func (a *App) doubts(f *config.File, list []config.Problem, err error) {
	for _, w := range list {
		if err == nil || !strings.Contains(err.Error(), w.Msg) {
			a.warnf("%s: %s", f.Path, w)
		}
	}
}

// checkRuleContext refuses an encryption context of a rule that no key takes.
func (s *source) checkRuleContext(r *config.Rule, groups [][]keeper.MasterKey) error {
	aws := func(m keeper.MasterKey) bool { return m.Kind == keeper.KMS }
	if r == nil || len(r.EncryptionContext) == 0 || len(groups) == 0 || slices.ContainsFunc(slices.Concat(groups...), aws) {
		return nil
	}
	return fail(BadContext, "take it out of the rule, or name a key under kms",
		"the encryption_context of the rule on line %d of %s has no effect: there is no AWS KMS key", r.Line, s.config.Path)
}

// sameSelection reports whether two selection rules are one.
func sameSelection(a, b rule.Rule) bool { return described(a) == described(b) }

func described(r rule.Rule) string {
	set := r.Fields()
	if len(set) == 0 {
		return "unencrypted_suffix: " + rule.DefaultSuffix
	}
	text := set[0].Text
	if strings.ContainsFunc(text, unicode.IsControl) {
		text = strconv.Quote(text) // a line break would begin a line of its own
	}
	return set[0].Name + ": " + text
}

func anew(path string) string {
	word := hint.Path(path)
	return fmt.Sprintf("sops decrypt %s | sops encrypt --filename-override %s --output %s", word, word, word)
}
