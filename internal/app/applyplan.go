package app

import (
	"context"
	"errors"
	"io"
	"reflect"
	"slices"

	"github.com/seed-1f7fdfb8/sops/internal/unlock"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// applyKeys does what was planned, under the lock of the file. Where the file
// was changed since, the plan is made anew; one that says something else needs
// a new yes.
func (a *App) applyKeys(ctx context.Context, w io.Writer, p *FilePlan, keepers keeper.Keeper, o UpdateKeysOptions) error {
	r := request{
		File: p.source.File, Common: o.Common, Access: o.Access, Target: Target{InPlace: true},
		missing: Input, needsRules: true,
	}
	err := a.update(ctx, r, func(t *tx) error {
		if !p.sameAs(t.source) {
			again, err := a.planSource(ctx, t.source, keepers, o)
			if err != nil {
				return err
			}
			if again.UpToDate == "" && !reflect.DeepEqual(again.Report, p.Report) {
				if err := a.showPlan(w, again); err != nil {
					return err
				}
				if !o.Yes {
					return t.name(fail(Other, "if that is what you want, run the command again", "the file was changed meanwhile, and its keys need another change now"))
				}
			}
			p = again
		}
		if p.UpToDate != "" {
			return nil
		}
		groups, err := a.newKeys(ctx, p, keepers, o)
		if err != nil {
			return t.name(err)
		}
		text, err := p.encrypted.SetKeys(groups, p.change.Threshold, a.Random)
		if err != nil {
			return t.name(err)
		}
		t.put(text)
		return nil
	})
	switch {
	case err != nil:
		return err
	case p.UpToDate != "":
		a.notef("%s: %s", p.File, p.UpToDate)
		return nil
	}
	a.notef("%s: synced with new keys", p.File)
	if p.change.Removes() || p.recovered != nil && p.encrypted.KeysRemoved() {
		a.noteOldCopies(p.File)
	}
	return nil
}

// newKeys makes the wrapped keys of a plan with as few calls as that takes.
func (a *App) newKeys(ctx context.Context, p *FilePlan, keepers keeper.Keeper, o UpdateKeysOptions) ([]keeper.Group, error) {
	c := p.change
	stock := c.Stock()
	groups, missing := c.Kept(stock)
	// The seal of a file names its keys, and only the data key renews it.
	outdated := p.encrypted.Meta.Seal != "" && c.Changes()
	var err error
	switch {
	case missing == 0 && !outdated: // nothing has to be decrypted
	case o.ReEncrypt && outdated && p.mustSeal:
		err = fail(Conflict, "leave --reencrypt out", "the rule asks for a seal, and to renew it takes the data key, which --reencrypt does without")
	case o.ReEncrypt:
		if err = reEncrypt(ctx, keepers, c.Old, groups); err == nil && outdated {
			p.encrypted.Meta.Seal = ""
			a.warnf("%s: the file loses its seal, which names its keys and which only the data key could renew; the next change that opens the file makes a new one", p.File)
		}
	case missing == 0:
		err = a.recoverFor(ctx, p, keepers, o)
	case o.AllowPartial:
		groups, err = a.wrapSome(ctx, p, stock, keepers, o)
	default:
		groups, err = a.wrapMissing(ctx, p, stock, keepers, o)
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
func (a *App) wrapMissing(ctx context.Context, p *FilePlan, stock []keeper.Group, keepers keeper.Keeper, o UpdateKeysOptions) ([]keeper.Group, error) {
	if err := a.recoverFor(ctx, p, keepers, o); err != nil {
		return nil, err
	}
	c := p.change
	return unlock.Rewrap(ctx, keepers, p.recovered, stock, c.OldThreshold, c.Wanted, c.Threshold, a.Random)
}

// wrapSome is wrapMissing that goes without new keys that cannot be wrapped.
func (a *App) wrapSome(ctx context.Context, p *FilePlan, stock []keeper.Group, keepers keeper.Keeper, o UpdateKeysOptions) ([]keeper.Group, error) {
	k := &lenient{Keeper: keepers}
	groups, err := a.wrapMissing(ctx, p, stock, k, o)
	if err != nil {
		return nil, err
	}
	if len(k.failed.Keys) == 0 {
		return groups, nil
	}
	if err := p.change.Loses(k.left, groups); err != nil {
		return nil, errors.Join(err, &k.failed)
	}
	a.leaveOut(p.File, &k.failed, groups)
	return groups, nil
}
