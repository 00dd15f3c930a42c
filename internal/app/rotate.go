package app

import (
	"context"
	"fmt"
	"slices"

	"github.com/seed-1f7fdfb8/sops/key"
)

// RotateOptions are the options of Rotate.
type RotateOptions struct {
	File
	Common
	Access
	Target
	Add, Remove       KeyLists
	EncryptionContext string
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
	if o.Add != (KeyLists{}) || o.Remove != (KeyLists{}) {
		missing = codeNoSuchKeys
	}
	s, err := a.readSealed(o.File, o.Common, missing)
	if err != nil {
		return err
	}
	added, err := a.added(o)
	if err != nil {
		return err
	}
	keepers := a.keepers(ctx, o.Access)
	opened, err := a.open(ctx, s, keepers, o.Access)
	if err != nil {
		return err
	}
	groups := opened.Meta.MasterKeys()
	if groups, err = changeGroups(groups, added, o.Remove); err != nil {
		return s.name(err)
	}
	if err := opened.Rotate(ctx, keepers, groups, opened.Meta.Threshold, a.Random); err != nil {
		return s.name(fmt.Errorf("Could not generate data key: %w", err))
	}
	out, err := a.seal(opened)
	if err != nil {
		return s.name(err)
	}
	if s.in.Name() != s.out.Name() {
		return fail(codeConflict, "decrypt and encrypt it instead", "rotate keeps the file type")
	}
	return a.write(s, o.Target, out, sealedMode)
}

// added returns the keys to add, with profile and context.
func (a *App) added(o RotateOptions) ([]key.MasterKey, error) {
	var keys []key.MasterKey
	for _, l := range o.Add.all() {
		parsed, err := l.parse(l.text)
		if err != nil {
			return nil, err
		}
		keys = append(keys, parsed...)
	}
	storeProfile(keys, o.Access)
	texts, err := parseContext(o.EncryptionContext)
	if err != nil || len(texts) == 0 {
		return keys, err
	}
	if !withContext([][]key.MasterKey{keys}, texts) {
		return nil, fail(codeContext, "leave it out, or add an AWS KMS key with --add-kms",
			"--encryption-context has no effect: no AWS KMS key is added")
	}
	return keys, nil
}

// changeGroups adds keys to the first group and removes keys from all. A key
// that is removed is known by what names it, whatever role, profile or context
// it has; one that is not there is an error, since somebody relies on its
// going.
func changeGroups(groups [][]key.MasterKey, added []key.MasterKey, remove KeyLists) ([][]key.MasterKey, error) {
	for _, m := range added {
		same := func(n key.MasterKey) bool { return n.Kind == m.Kind && n.Identity() == m.Identity() }
		if !slices.ContainsFunc(groups[0], same) {
			groups[0] = append(groups[0], m)
		}
	}
	for _, l := range remove.all() {
		gone, err := l.parse(l.text)
		if err != nil {
			return nil, err
		}
		for _, m := range gone {
			found := false
			for i := range groups {
				before := len(groups[i])
				groups[i] = slices.DeleteFunc(groups[i], func(n key.MasterKey) bool { return removes(m, n) })
				found = found || len(groups[i]) < before
			}
			if !found {
				return nil, fail(codeGeneric, "", "there is no key %s to remove", m.Identity())
			}
		}
	}
	return groups, nil
}

// removes reports whether the key named by m is n: every field that m gives
// must be that of n.
func removes(m, n key.MasterKey) bool {
	if m.Kind != n.Kind {
		return false
	}
	for _, f := range m.Fields {
		if f.Text != n.Text(f.Name) {
			return false
		}
	}
	return true
}
