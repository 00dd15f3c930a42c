package app

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/awskey"
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
	if err := o.Target.check(o.File); err != nil {
		return err
	}
	if o.InPlace {
		unlock, err := a.lock(ctx, o.Path)
		if err != nil {
			return err
		}
		defer unlock()
	}
	missing := codeReadInput
	if o.Add.given() || o.Remove.given() {
		missing = codeNoSuchKeys
	}
	s, err := a.readEncrypted(ctx, o.File, o.Common, missing)
	if err != nil {
		return err
	}
	s.keepType()
	if err := s.encryptedType(o.Common); err != nil {
		return err
	}
	added, removed, err := a.changes(o)
	if err != nil {
		return err
	}
	keepers := a.keepers(ctx, o.Access.naming(added))
	decrypted, err := a.decryptSource(ctx, s, keepers, o.Access)
	if err != nil {
		return err
	}
	before := decrypted.Meta.MasterKeys()
	groups, err := changeGroups(decrypted.Meta.MasterKeys(), added, removed)
	if err != nil {
		return s.name(err)
	}
	if !o.AcceptKeys {
		if err := s.knowsRule(decrypted.Meta.Seal != ""); err != nil {
			return s.name(err)
		}
	}
	g := giving{before: before, after: groups, named: added, needed: groupsNeeded(decrypted.Meta.Threshold, len(groups))}
	if err := a.vouch(ctx, s, decrypted, g, o.AcceptKeys); err != nil {
		return s.name(err)
	}
	a.vouchStructure(s, decrypted)
	if err := decrypted.Rotate(ctx, keepers, groups, decrypted.Meta.Threshold, a.Random); err != nil {
		return s.name(fmt.Errorf("Could not generate data key: %w", err))
	}
	if decrypted, err = s.converted(decrypted); err != nil {
		return s.name(err)
	}
	out, err := a.encryptSource(decrypted)
	if err != nil {
		return s.name(err)
	}
	return a.write(ctx, s, o.Target, out, encryptedMode)
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
	added = awskey.UnderProfile(added, o.AWSProfile)
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
		return nil, nil, fail(codeContext, "leave it out, or add an AWS KMS key with --add-kms",
			"--encryption-context has no effect: no AWS KMS key is added or removed")
	}
	return added, removed, nil
}

// changeGroups adds keys to the first group and removes keys from all. A key
// that is removed is known by what names it, whatever role, profile or context
// it has; one that is not there is an error, since somebody relies on its
// going.
func changeGroups(groups [][]keeper.MasterKey, added, removed []keeper.MasterKey) ([][]keeper.MasterKey, error) {
	for _, m := range added {
		same := func(n keeper.MasterKey) bool { return n.EntryID() == m.EntryID() }
		if len(groups) == 0 {
			groups = [][]keeper.MasterKey{nil}
		}
		if !slices.ContainsFunc(groups[0], same) {
			groups[0] = append(groups[0], m)
		}
	}
	for _, m := range removed {
		found := false
		for i := range groups {
			before := len(groups[i])
			groups[i] = slices.DeleteFunc(groups[i], func(n keeper.MasterKey) bool { return m.Means(n) })
			found = found || len(groups[i]) < before
		}
		if !found {
			return nil, fail(codeGeneric, "", "there is no key %s to remove", m.Identity())
		}
	}
	return groups, nil
}
