package rekey

import (
	"context"
	"errors"
	"io"
	"reflect"
	"slices"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/around"
	"github.com/seed-1f7fdfb8/sops/internal/unlock"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// applyKeys does what was planned, under the lock of the file. Where the file
// was changed since, the plan is made anew; one that says something else needs
// a new yes.
func applyKeys(ctx context.Context, a *app.App, w io.Writer, p *FilePlan, keepers keeper.Keeper, o UpdateKeysOptions) error {
	r := app.Request{
		File: p.source.File, Common: o.Common, Access: o.Access, Target: app.Target{InPlace: true},
		Missing: app.Input, NeedsRules: true,
	}
	err := a.Update(ctx, r, func(t *app.Tx) error {
		if !p.sameAs(t.Source) {
			again, err := planSource(ctx, a, t.Source, keepers, o)
			if err != nil {
				return err
			}
			if again.UpToDate == "" && !reflect.DeepEqual(again.Report, p.Report) {
				if err := showPlan(a, w, again); err != nil {
					return err
				}
				if !o.Yes {
					return t.Named(app.Fail(app.Other, "if that is what you want, run the command again", "the file was changed meanwhile, and its keys need another change now"))
				}
			}
			p = again
		}
		if p.UpToDate != "" {
			return nil
		}
		text, err := keyed(ctx, a, p, keepers, o)
		if err != nil {
			return t.Named(err)
		}
		t.Put(text)
		return nil
	})
	switch {
	case err != nil:
		return err
	case p.UpToDate != "":
		a.Notef("%s: %s", p.File, p.UpToDate)
		return nil
	}
	a.Notef("%s: synced with new keys", p.File)
	if p.change.Removes() || p.recovered != nil && p.encrypted.KeysRemoved() {
		noteOldCopies(a, p.File)
	}
	return nil
}

// newKeys makes the wrapped keys of a plan with as few calls as that takes.
func newKeys(ctx context.Context, a *app.App, p *FilePlan, keepers keeper.Keeper, o UpdateKeysOptions) ([]keeper.Group, error) {
	c := p.change
	stock := c.Stock()
	groups, missing := c.Kept(stock)
	// The seal of a file names its keys, and only the data key renews it.
	outdated := p.encrypted.Meta.Seal != "" && c.Changes()
	var err error
	switch {
	case missing == 0 && !outdated: // nothing has to be decrypted
	case o.ReEncrypt && outdated && p.mustSeal:
		err = app.Fail(app.Conflict, "leave --reencrypt out", "the rule asks for a seal, and to renew it takes the data key, which --reencrypt does without")
	case o.ReEncrypt:
		if err = reEncrypt(ctx, keepers, c.Old, groups); err == nil && outdated {
			p.encrypted.Meta.Seal = ""
			a.Warnf("%s: the file loses its seal, which names its keys and which only the data key could renew; the next change that opens the file makes a new one", p.File)
		}
	case missing == 0:
		err = recoverFor(ctx, a, p, keepers, o)
	case o.AllowPartial:
		groups, err = wrapSome(ctx, a, p, stock, keepers, o)
	default:
		groups, err = wrapMissing(ctx, a, p, stock, keepers, o)
	}
	if err != nil {
		return nil, err
	}
	if p.recovered != nil {
		p.encrypted.Vouch(slices.Concat(c.Wanted...)) // the rule names them
	}
	c.StoredNames(groups)
	return groups, nil
}

// wrapMissing recovers the data key and wraps it for the keys that lack it.
func wrapMissing(ctx context.Context, a *app.App, p *FilePlan, stock []keeper.Group, keepers keeper.Keeper, o UpdateKeysOptions) ([]keeper.Group, error) {
	if err := recoverFor(ctx, a, p, keepers, o); err != nil {
		return nil, err
	}
	c := p.change
	return unlock.Rewrap(ctx, keepers, p.recovered, stock, c.OldThreshold, c.Wanted, c.Threshold, a.Random)
}

// wrapSome is wrapMissing that goes without new keys that cannot be wrapped.
func wrapSome(ctx context.Context, a *app.App, p *FilePlan, stock []keeper.Group, keepers keeper.Keeper, o UpdateKeysOptions) ([]keeper.Group, error) {
	k := &around.Lenient{Keeper: keepers}
	groups, err := wrapMissing(ctx, a, p, stock, k, o)
	if err != nil {
		return nil, err
	}
	if len(k.Failed.Keys) == 0 {
		return groups, nil
	}
	if err := p.change.Loses(k.Left, groups); err != nil {
		return nil, errors.Join(err, &k.Failed)
	}
	for _, note := range k.LeaveOut(p.File, groups) {
		a.Warn(note)
	}
	return groups, nil
}
