package app

import (
	"errors"
	"slices"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/config"
	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/internal/rule"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/awskey"
)

// Creation says how a new file is to be encrypted, as far as flags say it.
type Creation struct {
	Keys              KeyLists
	EncryptionContext string
	Selection         rule.Rule
	MACOnlyEncrypted  bool
	Threshold         int
}

// given reports whether a flag says anything about a new file.
func (c Creation) given() bool {
	return c.Keys.given() || c.EncryptionContext != "" || c.Selection != (rule.Rule{}) || c.MACOnlyEncrypted || c.Threshold != 0
}

// errNoKeys keeps the words that wrappers look for.
var errNoKeys = errors.New("config file not found, or has no creation rules, and no keys provided through command line options")

// plan settles how the file s is encrypted: by flags and variables where they
// give keys, else by the first creation rule that matches its path. Settings of
// the rule that are no keys count in both cases.
func (a *App) plan(s *source, c Creation, access Access) (envelope.Plan, error) {
	p := envelope.Plan{
		Threshold: c.Threshold, Selection: c.Selection, MACOnlyEncrypted: c.MACOnlyEncrypted,
		Random: a.Random, Warn: a.Warn,
	}
	explicit, fromEnv, err := a.explicitKeys(c.Keys, access)
	if err != nil {
		return p, err
	}
	r, err := a.creationRule(s, len(explicit) > 0)
	if err != nil {
		return p, err
	}
	switch {
	case len(explicit) > 0:
		p.Groups = [][]keeper.MasterKey{explicit}
	case r != nil:
		p.Groups = r.Groups
	default:
		return p, &Error{Code: codeGeneric, Err: errNoKeys, Advice: []string{
			"name a key, for example --kms arn:aws:kms:REGION:ACCOUNT:key/ID or --age age1...",
			"or put a .sops.yaml with creation_rules beside the file",
		}}
	}
	if r != nil {
		if fromEnv != "" && len(r.Groups) > 0 {
			a.warnf("the keys in %s are used instead of those of the matching rule in %s", fromEnv, s.config.Path)
		}
		applyRule(&p, r)
	}
	a.checkThreshold(&p, c.Threshold)
	if err := p.Selection.Check(); err != nil {
		return p, &envelope.Failure{Code: codeConflict, Err: err}
	}
	if err := a.applyContext(&p, c, r, len(explicit) > 0); err != nil {
		return p, err
	}
	if err := s.checkRuleContext(r, p.Groups); err != nil {
		return p, err
	}
	if s.in.Name() == "binary" {
		a.dropSelection(&p)
	}
	return p, nil
}

// checkThreshold drops a threshold where it has no meaning, which is said if it
// was given for this file.
func (a *App) checkThreshold(p *envelope.Plan, given int) {
	if len(p.Groups) > 1 || p.Threshold == 0 {
		return
	}
	if given != 0 {
		a.warnf("the threshold of %d has no effect: there is one key group", given)
	}
	p.Threshold = 0
}

// creationRule returns the rule for s; nil if there is none and none is needed.
func (a *App) creationRule(s *source, explicit bool) (*config.Rule, error) {
	if s.config == nil {
		return nil, nil
	}
	r, err := s.config.RuleFor(a.rulePath(s.File))
	switch {
	case err == nil:
		a.doubts(s.config, s.config.WarningsAbout(r), nil)
		a.verbosef("the creation rule is that of line %d in %s", r.Line, s.config.Path)
		return r, nil
	case errors.Is(err, config.ErrNoRule) && explicit:
		a.doubts(s.config, s.config.WarningsAbout(nil), nil)
		return nil, nil
	}
	// A misspelt key may be the very reason why no rule counts.
	a.doubts(s.config, s.config.Warnings, err)
	if errors.Is(err, config.ErrNoRules) {
		return nil, nil
	}
	return nil, err
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

// applyRule adds the settings of r that flags did not give.
func applyRule(p *envelope.Plan, r *config.Rule) {
	for _, f := range r.Selection.All() {
		for _, given := range p.Selection.All() {
			if given.Name == f.Name && given.Text == "" {
				p.Selection.Set(f.Name, f.Text)
			}
		}
	}
	p.MACOnlyEncrypted = p.MACOnlyEncrypted || r.MACOnlyEncrypted
	if p.Threshold == 0 {
		p.Threshold = r.Threshold
	}
	p.ForgetIdentity = r.PersistIdentity != nil && !*r.PersistIdentity
}

// applyContext gives every AWS key without an encryption context of its own the
// one of the flag, the variable or the rule. A flag that would have no effect is
// refused: whoever gives it relies on it. A variable is there for many files.
func (a *App) applyContext(p *envelope.Plan, c Creation, r *config.Rule, explicit bool) error {
	text, given := c.EncryptionContext, c.EncryptionContext != ""
	if !given {
		text = a.Env.Get("SOPS_KMS_ENCRYPTION_CONTEXT")
	}
	texts, err := parseContext(text)
	switch {
	case err != nil:
		return err
	case text == "" && r == nil:
		return nil
	case text == "":
		withContext(p.Groups, r.EncryptionContext) // for keys that came by flag
		return nil
	}
	if r != nil && !explicit {
		p.Groups = r.Under(nil)
	}
	if !withContext(p.Groups, texts) && given {
		return fail(codeContext, "leave it out, or name an AWS KMS key without a context of its own",
			"--encryption-context has no effect: no AWS KMS key here takes it")
	}
	return nil
}

// checkRuleContext refuses an encryption context of a rule that no key takes.
func (s *source) checkRuleContext(r *config.Rule, groups [][]keeper.MasterKey) error {
	if r == nil || len(r.EncryptionContext) == 0 || len(groups) == 0 || slices.ContainsFunc(slices.Concat(groups...), keeper.MasterKey.TakesContext) {
		return nil
	}
	return fail(codeContext, "take it out of the rule, or name a key under kms",
		"the encryption_context of the rule on line %d of %s has no effect: there is no AWS KMS key", r.Line, s.config.Path)
}

// withContext reports whether any key took the context.
func withContext(groups [][]keeper.MasterKey, texts map[string]string) bool {
	used := false
	for _, g := range groups {
		for i, m := range g {
			bound, took := m.Under(texts)
			g[i], used = bound, used || took
		}
	}
	return used
}

// dropSelection removes what a binary file, which is one value, cannot have.
func (a *App) dropSelection(p *envelope.Plan) {
	for _, f := range p.Selection.Fields() {
		if f.Name != "unencrypted_comment_regex" {
			a.warnf("%s has no meaning for a binary file, which is encrypted as a whole", f.Name)
		}
	}
	p.Selection, p.MACOnlyEncrypted, p.NoRule = rule.Rule{}, false, true
}

func parseContext(text string) (map[string]string, error) {
	if text == "" {
		return nil, nil
	}
	return awskey.ParseContext(text)
}
