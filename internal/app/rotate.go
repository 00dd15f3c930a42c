package app

import (
	"cmp"
	"context"
	"fmt"

	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/internal/keyplan"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// RotateOptions are the options of Rotate.
type RotateOptions struct {
	File
	Common
	Access
	Target
	Add, Remove       KeyLists
	EncryptionContext string
	AcceptKeys        bool // also such that neither a seal nor a rule vouches for
}

// Rotate gives an encrypted file a new data key, and adds and removes master
// keys on the way.
func (a *App) Rotate(ctx context.Context, o RotateOptions) error {
	r := request{
		File: o.File, Common: o.Common, Access: o.Access, Target: o.Target,
		missing: Input, keepsType: true,
	}
	if o.Add != (KeyLists{}) || o.Remove != (KeyLists{}) {
		r.missing = NoKeysToChange
	}
	return a.update(ctx, r, func(t *tx) error {
		added, removed, err := a.changes(o)
		if err != nil {
			return err
		}
		keepers := a.keepers(ctx, o.Access.naming(added))
		decrypted, err := a.decryptSource(ctx, t.source, keepers, o.Access)
		if err != nil {
			return err
		}
		groups, err := keyplan.Edit(decrypted.Meta.MasterKeys(), added, removed)
		if err != nil {
			return t.name(&Error{Kind: Other, Err: err})
		}
		if err := a.vouchRotation(ctx, t.source, decrypted, groups, added, o.AcceptKeys); err != nil {
			return t.name(err)
		}
		if err := decrypted.Rotate(ctx, keepers, groups, decrypted.Meta.Threshold, a.Random); err != nil {
			return t.name(fmt.Errorf("Could not generate data key: %w", err))
		}
		return t.encrypt(decrypted)
	})
}

// vouchRotation decides whether groups may get the new data key.
func (a *App) vouchRotation(ctx context.Context, s *source, decrypted *envelope.Decrypted, groups [][]keeper.MasterKey, added []keeper.MasterKey, accepted bool) error {
	if !accepted {
		if err := s.knowsRule(decrypted.Meta.Seal != ""); err != nil {
			return err
		}
	}
	g := keyplan.Grant{
		Before: decrypted.Meta.MasterKeys(), After: groups, Named: added,
		Needed: keeper.Groups{Groups: groups, Threshold: decrypted.Meta.Threshold}.Needed(),
	}
	if err := a.vouch(ctx, s, decrypted, g, accepted); err != nil {
		return err
	}
	a.vouchStructure(s, decrypted)
	return nil
}

// vouchStructure takes the mark of a seal over a file that had none away where
// the selection rule, which decides what stays readable, is that of the creation
// rule.
func (a *App) vouchStructure(s *source, o *envelope.Decrypted) {
	r, err := a.speakingRule(s)
	if err != nil || r == nil {
		return
	}
	binary := s.in.Name() == "binary" // one value, whatever the rule says
	if binary || sameSelection(o.Meta.Selection, r.Selection) && o.Meta.MACOnlyEncrypted == r.MACOnlyEncrypted {
		o.VouchStructure()
	}
}

// changes returns the keys to add, with profile and context, and those to
// remove. Where AWS keys are only removed, the context narrows which.
func (a *App) changes(o RotateOptions) (added, removed []keeper.MasterKey, err error) {
	if added, err = o.Add.parse(); err != nil {
		return nil, nil, err
	}
	if removed, err = o.Remove.parse(); err != nil {
		return nil, nil, err
	}
	storeProfile(added, o.Access)
	given := o.EncryptionContext != ""
	texts, err := parseContext(cmp.Or(o.EncryptionContext, a.Env.Get("SOPS_KMS_ENCRYPTION_CONTEXT")))
	if err != nil || len(texts) == 0 {
		return added, removed, err
	}
	if !given {
		withContext([][]keeper.MasterKey{added}, texts) // it is there for many files
		return added, removed, nil
	}
	if !withContext([][]keeper.MasterKey{added}, texts) && !withContext([][]keeper.MasterKey{removed}, texts) {
		return nil, nil, fail(BadContext, "leave it out, or add an AWS KMS key with --add-kms",
			"--encryption-context has no effect: no AWS KMS key is added or removed")
	}
	return added, removed, nil
}

