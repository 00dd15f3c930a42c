package rekey

import (
	"bytes"
	"context"
	"fmt"
	"os"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/config"
	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/internal/keyplan"
	"github.com/seed-1f7fdfb8/sops/internal/meta"
	"github.com/seed-1f7fdfb8/sops/internal/unlock"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// A FilePlan is what is to become of the keys of one file, as far as that is
// known without a lock, a write or a question. Its JSON is the report.
type FilePlan struct {
	keyplan.Report
	UpToDate string `json:"-"` // why nothing is to be done; "" if something is

	source    *app.Source
	encrypted *envelope.Encrypted
	change    *keyplan.Change
	mustSeal  bool              // the rule asks for a seal
	recovered *unlock.Recovered // nil if the data key was not needed yet
	unsealed  error             // how the list of keys differs from the sealed one
}

// planKeys plans how the keys of a file become those of its creation rule.
func planKeys(ctx context.Context, a *app.App, path string, keepers keeper.Keeper, o UpdateKeysOptions) (*FilePlan, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if info, err := os.Stat(a.Abs(path)); err == nil && info.IsDir() {
		return nil, app.Fail(app.Other, fmt.Sprintf("name the files: find %s -name '*.yaml' -exec sops updatekeys -y {} +", hint.Path(path)),
			"%s is a directory", path)
	}
	s, err := a.Read(ctx, app.File{Path: path, InputType: o.InputType}, o.Common, app.Input)
	if err != nil {
		return nil, err
	}
	return planSource(ctx, a, s, keepers, o)
}

// planSource plans the change of a file that was read.
func planSource(ctx context.Context, a *app.App, s *app.Source, keepers keeper.Keeper, o UpdateKeysOptions) (*FilePlan, error) {
	encrypted, err := s.Encrypted()
	if err != nil {
		return nil, err
	}
	r, err := a.RuleOf(s)
	if err != nil {
		return nil, err
	}
	if err := s.CheckRuleContext(r, r.Groups); err != nil {
		return nil, s.Named(err)
	}
	p := &FilePlan{source: s, encrypted: encrypted, mustSeal: r.Integrity == "required"}
	if p.change, err = keyChange(a, encrypted.Meta, r, o); err != nil {
		return nil, s.Named(err)
	}
	if !o.Select {
		warnOfDrift(a, s, encrypted, r)
	}
	if err := a.RequireSeal(s, encrypted.Meta.Seal != "", o.Access); err != nil {
		return nil, s.Named(err)
	}
	if err := compareSeal(ctx, a, p, keepers, o); err != nil {
		return nil, s.Named(err)
	}
	p.Report = p.change.Report(s.Path)
	if p.unsealed != nil {
		p.Seal = p.unsealed.Error()
	}
	switch {
	case p.unsealed != nil, p.change.Changes():
	case !p.change.Reorders():
		p.UpToDate = "already up to date"
	case !o.Reorder:
		p.UpToDate = "already up to date, in another order than the rule has (--reorder puts them into that)"
	}
	return p, nil
}

// sameAs reports whether two plans are about one text, and so are one plan.
func (p *FilePlan) sameAs(s *app.Source) bool { return bytes.Equal(p.source.Data, s.Data) }

// keyChange works out what the rule r means for a file.
func keyChange(a *app.App, m *meta.Metadata, r *config.Rule, o UpdateKeysOptions) (*keyplan.Change, error) {
	c := &keyplan.Change{
		Old: m.Keys(), OldThreshold: m.Threshold, Wanted: r.Groups,
		Forget: r.PersistIdentity != nil && !*r.PersistIdentity,
	}
	texts, err := a.NewContext(o.EncryptionContext)
	switch {
	case err != nil:
		return nil, err
	case len(texts) > 0 && o.DropContext:
		return nil, app.Fail(app.BadContext, "leave one of them out", "--drop-context and an encryption context exclude each other")
	case len(texts) > 0:
		c.Wanted = r.Under(nil)
		if !app.WithContext(c.Wanted, texts) && o.EncryptionContext != "" {
			return nil, app.Fail(app.BadContext, "leave it out, or name an AWS KMS key without a context of its own in the rule",
				"--encryption-context has no effect: no AWS KMS key of the rule takes it")
		}
	case !o.DropContext:
		c.InheritContexts()
	}
	c.Settle()
	if c.Threshold, err = keyplan.ForRule(o.Threshold, r.Threshold, c.Before(), len(c.Wanted)); err != nil {
		return nil, thresholdError(err)
	}
	return c, nil
}

// compareSeal finds out how the list of keys differs from the sealed one. It
// takes the data key only where the mark of the seal says that it may, or where
// the rule demands a good seal.
func compareSeal(ctx context.Context, a *app.App, p *FilePlan, keepers keeper.Keeper, o UpdateKeysOptions) error {
	if p.encrypted.Meta.Seal == "" || p.encrypted.KeysMarked() && !p.mustSeal {
		return nil
	}
	if o.ReEncrypt {
		if !p.encrypted.KeysMarked() {
			a.Warnf("%s: whether its list of keys is the sealed one is not known without the data key, which --reencrypt does without", p.source.Path)
		}
		return nil
	}
	if err := recoverFor(ctx, a, p, keepers, o); err != nil {
		return err
	}
	p.unsealed = p.encrypted.KeysChanged()
	return nil
}

// recoverFor takes the data key of the planned file, once.
func recoverFor(ctx context.Context, a *app.App, p *FilePlan, keepers keeper.Keeper, o UpdateKeysOptions) (err error) {
	if p.recovered == nil {
		p.recovered, err = a.RecoverKey(ctx, p.source, p.encrypted, keepers, o.Access)
	}
	return err
}
