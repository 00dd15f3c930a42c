package publishing

import (
	"context"
	"fmt"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/config"
	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/internal/keyplan"
	"github.com/seed-1f7fdfb8/sops/internal/rule"
)

// bytes returns what is uploaded: the file as it is, without a call of any key,
// or encrypted anew as the recreation rule says.
func (p *publisher) bytes(ctx context.Context, s *app.Source, d *config.Destination, encrypted *envelope.Encrypted) ([]byte, error) {
	r := d.Recreation
	switch {
	case r == nil:
		return s.Data, nil
	case len(r.Groups) == 0:
		p.a.Warnf("%s: the recreation_rule on line %d of %s names no keys, so the file is uploaded as it is", s.Path, r.Line, s.Config.Path)
		return s.Data, nil
	}
	if err := s.CheckRuleContext(r, r.Groups); err != nil {
		return nil, s.Named(err)
	}
	plan := p.plan(s, r)
	change := &keyplan.Change{Old: encrypted.Meta.Keys(), OldThreshold: encrypted.Meta.Threshold, Wanted: plan.Groups, Threshold: plan.Threshold, Forget: plan.ForgetIdentity}
	if err := p.showKeys(change.Report(s.Path), change.Changes()); err != nil {
		return nil, err
	}
	decrypted, err := p.a.Decrypt(ctx, s, p.keepers, p.o.Access)
	if err != nil {
		return nil, err
	}
	return p.recreate(ctx, s, decrypted, plan)
}

// plan is what the recreation rule says, all of it.
func (p *publisher) plan(s *app.Source, r *config.Rule) envelope.Plan {
	plan := envelope.Plan{
		Groups: r.Groups, Threshold: r.Threshold, Selection: r.Selection, MACOnlyEncrypted: r.MACOnlyEncrypted,
		ForgetIdentity: r.PersistIdentity != nil && !*r.PersistIdentity, Random: p.a.Random, Warn: p.a.Warn,
		PlainMetadata: r.Metadata == config.MetadataPlain,
	}
	if len(plan.Groups) == 1 {
		plan.Threshold = 0
	}
	if s.In.Name() == "binary" { // which is one value
		plan.Selection, plan.MACOnlyEncrypted, plan.NoRule = rule.Rule{}, false, true
	}
	return plan
}

// recreate encrypts the content anew, under a data key of its own.
func (p *publisher) recreate(ctx context.Context, s *app.Source, decrypted *envelope.Decrypted, plan envelope.Plan) ([]byte, error) {
	plain, err := decrypted.Plain()
	if err != nil {
		return nil, s.Named(err)
	}
	fresh, err := envelope.New(ctx, plain, s.In, plan, p.keepers)
	if err != nil {
		return nil, s.Named(fmt.Errorf("the recreation_rule: %w", err))
	}
	text, err := p.a.EncryptText(ctx, s.File, fresh)
	return text, s.Named(err)
}

// showKeys prints which keys the uploaded file has instead of those of the local
// one, as updatekeys does.
func (p *publisher) showKeys(r keyplan.Report, changes bool) error {
	switch {
	case !changes:
		return nil
	case p.a.JSON:
		return hint.EncodeJSON(p.a.Stdout, r, "")
	}
	return p.a.ShowKeys(p.a.Stdout, r)
}
