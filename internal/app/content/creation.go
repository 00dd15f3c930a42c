package content

import (
	"errors"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/config"
	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/internal/rule"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// Creation says how a new file is to be encrypted, as far as flags say it.
type Creation struct {
	Keys              app.KeyLists
	EncryptionContext string
	Selection         rule.Rule
	MACOnlyEncrypted  bool
	PlainMetadata     bool // no seal and no layout
	Threshold         int
}

// given reports whether a flag says anything about a new file.
func (c Creation) given() bool {
	return c.Keys.Given() || c.EncryptionContext != "" || c.Selection != (rule.Rule{}) || c.MACOnlyEncrypted || c.PlainMetadata || c.Threshold != 0
}

// errNoKeys keeps the words that wrappers look for.
var errNoKeys = errors.New("config file not found, or has no creation rules, and no keys provided through command line options")

// plan settles how the file s is encrypted: by flags and variables where they
// give keys, else by the first creation rule that matches its path. Settings of
// the rule that are no keys count in both cases.
func plan(a *app.App, s *app.Source, c Creation, access app.Access) (envelope.Plan, error) {
	p := envelope.Plan{
		Threshold: c.Threshold, Selection: c.Selection, MACOnlyEncrypted: c.MACOnlyEncrypted,
		PlainMetadata: c.PlainMetadata || s.Config != nil && s.Config.Stores.Metadata == config.MetadataPlain,
		Random:        a.Random, Warn: a.Warn,
	}
	explicit, fromEnv, err := a.ExplicitKeys(c.Keys, access)
	if err != nil {
		return p, err
	}
	r, err := creationRule(a, s, len(explicit) > 0)
	if err != nil {
		return p, err
	}
	switch {
	case len(explicit) > 0:
		p.Groups = [][]keeper.MasterKey{explicit}
	case r != nil:
		p.Groups = r.Groups
	default:
		return p, &app.Error{Kind: app.Other, Err: errNoKeys, Advice: []string{
			"name a key, for example --kms arn:aws:kms:REGION:ACCOUNT:key/ID or --age age1...",
			"or put a .sops.yaml with creation_rules beside the file",
		}}
	}
	if r != nil {
		if fromEnv != "" && len(r.Groups) > 0 {
			a.Warnf("the keys in %s are used instead of those of the matching rule in %s", fromEnv, s.Config.Path)
		}
		if c.PlainMetadata && r.Integrity != "" {
			return p, app.Fail(app.Conflict, "leave it out", "--plain-metadata writes no seal, which the rule on line %d of %s demands (integrity: required)", r.Line, s.Config.Path)
		}
		applyRule(&p, r)
		p.PlainMetadata = c.PlainMetadata || r.Metadata == config.MetadataPlain
	}
	dropThreshold(a, &p, c.Threshold)
	if err := p.Selection.Check(); err != nil {
		return p, &envelope.Failure{Kind: envelope.ErrConflict, Err: err}
	}
	if err := applyContext(a, &p, c, r, len(explicit) > 0); err != nil {
		return p, err
	}
	if err := s.CheckRuleContext(r, p.Groups); err != nil {
		return p, err
	}
	if s.In.Name() == "binary" {
		dropSelection(a, &p)
	}
	return p, nil
}

// dropThreshold drops a threshold where it has no meaning, which is said if it
// was given for this file.
func dropThreshold(a *app.App, p *envelope.Plan, given int) {
	if len(p.Groups) > 1 || p.Threshold == 0 {
		return
	}
	if given != 0 {
		a.Warnf("the threshold of %d has no effect: there is one key group", given)
	}
	p.Threshold = 0
}

// creationRule returns the rule for s; nil if there is none and none is needed.
func creationRule(a *app.App, s *app.Source, explicit bool) (*config.Rule, error) {
	if s.Config == nil {
		return nil, nil
	}
	r, err := s.Config.RuleFor(a.RulePath(s.File))
	switch {
	case err == nil:
		a.WarnOf(s.Config, s.Config.WarningsAbout(r), nil)
		a.Verbosef("the creation rule is that of line %d in %s", r.Line, s.Config.Path)
		return r, nil
	case errors.Is(err, config.ErrNoRule) && explicit:
		a.WarnOf(s.Config, s.Config.WarningsAbout(nil), nil)
		return nil, nil
	}
	// A misspelt key may be the very reason why no rule counts.
	a.WarnOf(s.Config, s.Config.Warnings, err)
	if errors.Is(err, config.ErrNoRules) {
		return nil, nil
	}
	return nil, err
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
func applyContext(a *app.App, p *envelope.Plan, c Creation, r *config.Rule, explicit bool) error {
	text, given := c.EncryptionContext, c.EncryptionContext != ""
	if !given {
		text = a.Env.Get("SOPS_KMS_ENCRYPTION_CONTEXT")
	}
	texts, err := app.ParseContext(text)
	switch {
	case err != nil:
		return err
	case text == "" && r == nil:
		return nil
	case text == "":
		app.WithContext(p.Groups, r.EncryptionContext) // for keys that came by flag
		return nil
	}
	if r != nil && !explicit {
		p.Groups = r.Under(nil)
	}
	if !app.WithContext(p.Groups, texts) && given {
		return app.Fail(app.BadContext, "leave it out, or name an AWS KMS key without a context of its own",
			"--encryption-context has no effect: no AWS KMS key here takes it")
	}
	return nil
}

// dropSelection removes what a binary file, which is one value, cannot have.
func dropSelection(a *app.App, p *envelope.Plan) {
	for _, f := range p.Selection.Fields() {
		if f.Name != "unencrypted_comment_regex" {
			a.Warnf("%s has no meaning for a binary file, which is encrypted as a whole", f.Name)
		}
	}
	p.Selection, p.MACOnlyEncrypted, p.NoRule = rule.Rule{}, false, true
}
