package app

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/config"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// What the creation rule of a file says.

// RuleOf returns the creation rule of s, without which there is nothing to
// update keys to.
func (a *App) RuleOf(s *Source) (*config.Rule, error) {
	if s.Config == nil {
		return nil, Fail(Other, "put a .sops.yaml with creation_rules beside the file, or name one with --config",
			"%s: config file not found", s.Path)
	}
	r, err := s.Config.RuleFor(a.RulePath(s.File))
	if err != nil {
		a.WarnOf(s.Config, s.Config.Warnings, err)
		return nil, err
	}
	a.WarnOf(s.Config, s.Config.WarningsAbout(r), nil)
	if len(r.Groups) == 0 {
		return nil, s.Named(Fail(Other, "name keys in the rule", "empty key group provided: the rule on line %d of %s has no keys", r.Line, s.Config.Path))
	}
	return r, nil
}

// SpeakingRule returns the creation rule that says which keys belong into s, nil
// if none does.
func (a *App) SpeakingRule(s *Source) (*config.Rule, error) {
	r, err := a.RuleFor(s)
	if err != nil || r == nil || len(r.Groups) == 0 {
		return nil, err
	}
	return r, nil
}

// RuleFor returns the creation rule that matches s, nil if none does.
func (a *App) RuleFor(s *Source) (*config.Rule, error) {
	if s.Config == nil {
		return nil, nil // where it cannot be read: see KnowsRule
	}
	r, err := s.Config.RuleFor(a.RulePath(s.File))
	if errors.Is(err, config.ErrNoRules) || errors.Is(err, config.ErrNoRule) {
		return nil, nil
	}
	return r, err
}

// metadataOf returns what the configuration says of the metadata of s, "" if
// nothing: then a file keeps what it has.
func (a *App) metadataOf(s *Source) string {
	if s.Config == nil {
		return ""
	}
	return s.Config.MetadataFor(a.RulePath(s.File))
}

// WarnOf warns of the problems of a configuration, but for those that err names
// already.
func (a *App) WarnOf(f *config.File, list []config.Problem, err error) {
	for _, w := range list {
		if err == nil || !strings.Contains(err.Error(), w.Msg) {
			a.Warnf("%s: %s", f.Path, w)
		}
	}
}

// CheckRuleContext refuses an encryption context of a rule that no key takes.
func (s *Source) CheckRuleContext(r *config.Rule, groups [][]keeper.MasterKey) error {
	if r == nil || len(r.EncryptionContext) == 0 || len(groups) == 0 || slices.ContainsFunc(slices.Concat(groups...), keeper.MasterKey.TakesContext) {
		return nil
	}
	return Fail(BadContext, "take it out of the rule, or name a key under kms",
		"the encryption_context of the rule on line %d of %s has no effect: there is no AWS KMS key", r.Line, s.Config.Path)
}

// Anew returns the command line that encrypts a file once more, under a new data
// key and the rule of .sops.yaml.
func Anew(path string) string {
	word := hint.Path(path)
	return fmt.Sprintf("sops decrypt %s | sops encrypt --filename-override %s --output %s", word, word, word)
}
