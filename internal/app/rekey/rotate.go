package rekey

import (
	"cmp"
	"context"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/audit"
	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/internal/keyplan"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/awskey"
)

// RotateOptions are the options of Rotate.
type RotateOptions struct {
	app.File
	app.Common
	app.Access
	app.Target
	Add, Remove       app.KeyLists
	EncryptionContext string
	AcceptKeys        bool // also such that neither a seal nor a rule vouches for
	AllowPartial      bool // leave out keys that cannot be wrapped
}

// Rotate gives an encrypted file a new data key, and adds and removes master
// keys on the way.
func Rotate(ctx context.Context, a *app.App, o RotateOptions) error {
	r := app.Request{
		File: o.File, Common: o.Common, Access: o.Access, Target: o.Target,
		Missing: app.Input, KeepsType: true,
	}
	if o.Add.Given() || o.Remove.Given() {
		r.Missing = app.NoKeysToChange
	}
	return a.Update(ctx, r, func(t *app.Tx) error {
		added, removed, err := changes(a, o)
		if err != nil {
			return err
		}
		encrypted, err := t.Encrypted()
		if err != nil {
			return err
		}
		if err := a.RecordUse(ctx, audit.Rotate, t.File, encrypted.Meta); err != nil {
			return err
		}
		keepers := a.Keepers(ctx, o.Access.Naming(added))
		decrypted, err := a.Decrypt(ctx, t.Source, keepers, o.Access)
		if err != nil {
			return err
		}
		a.Outcome().Did("rotate", "", "")
		noteKeys(a, added, removed)
		groups, err := keyplan.Edit(decrypted.Meta.MasterKeys(), added, removed)
		if err != nil {
			return t.Named(&app.Error{Kind: app.Other, Err: err})
		}
		if err := vouchRotation(ctx, a, t.Source, decrypted, groups, added, o.AcceptKeys); err != nil {
			return t.Named(err)
		}
		if err := giveNewKey(ctx, a, decrypted, groups, keepers, o); err != nil {
			return t.Named(err)
		}
		return t.Encrypt(ctx, decrypted)
	})
}

// vouchRotation decides whether groups may get the new data key.
func vouchRotation(ctx context.Context, a *app.App, s *app.Source, decrypted *envelope.Decrypted, groups [][]keeper.MasterKey, added []keeper.MasterKey, accepted bool) error {
	if !accepted {
		if err := s.KnowsRule(decrypted.Meta.Seal != ""); err != nil {
			return err
		}
	}
	g := keyplan.Grant{
		Before: decrypted.Meta.MasterKeys(), After: groups, Named: added,
		Needed: keeper.Groups{Groups: groups, Threshold: decrypted.Meta.Threshold}.Needed(),
	}
	if err := a.Vouch(ctx, s, decrypted, g, accepted); err != nil {
		return err
	}
	vouchStructure(a, s, decrypted)
	return nil
}

// vouchStructure takes the mark of a seal over a file that had none away where
// the selection rule, which decides what stays readable, is that of the creation
// rule.
func vouchStructure(a *app.App, s *app.Source, o *envelope.Decrypted) {
	r, err := a.SpeakingRule(s)
	if err != nil || r == nil {
		return
	}
	binary := s.In.Name() == "binary" // one value, whatever the rule says
	if binary || o.Meta.Selection.String() == r.Selection.String() && o.Meta.MACOnlyEncrypted == r.MACOnlyEncrypted {
		o.VouchStructure()
	}
}

// changes returns the keys to add, with profile and context, and those to
// remove. Where AWS keys are only removed, the context narrows which.
func changes(a *app.App, o RotateOptions) (added, removed []keeper.MasterKey, err error) {
	if added, err = o.Add.Parse(); err != nil {
		return nil, nil, err
	}
	if removed, err = o.Remove.Parse(); err != nil {
		return nil, nil, err
	}
	added = awskey.UnderProfile(added, o.AWSProfile)
	given := o.EncryptionContext != ""
	texts, err := app.ParseContext(cmp.Or(o.EncryptionContext, a.Env.Get("SOPS_KMS_ENCRYPTION_CONTEXT")))
	if err != nil || len(texts) == 0 {
		return added, removed, err
	}
	if !given {
		app.WithContext([][]keeper.MasterKey{added}, texts) // it is there for many files
		return added, removed, nil
	}
	if !app.WithContext([][]keeper.MasterKey{added}, texts) && !app.WithContext([][]keeper.MasterKey{removed}, texts) {
		return nil, nil, app.Fail(app.BadContext, "leave it out, or add an AWS KMS key with --add-kms",
			"--encryption-context has no effect: no AWS KMS key is added or removed")
	}
	return added, removed, nil
}

// noteKeys notes keys that a command adds and removes.
func noteKeys(a *app.App, added, removed []keeper.MasterKey) {
	for _, m := range added {
		a.Outcome().Did("add_key", m.Identity(), "")
	}
	for _, m := range removed {
		a.Outcome().Did("remove_key", m.Identity(), "")
	}
}
