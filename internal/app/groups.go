package app

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/internal/unlock"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/awskey"
)

// GroupOptions are the options of AddGroup and DeleteGroup.
type GroupOptions struct {
	File
	Common
	Access
	Target
	Keys              RepeatedKeys // of the new group
	EncryptionContext string       // for its AWS keys
	Index             int          // from 0, of the group to delete
	Threshold         int          // 0: as it was
	AcceptKeys        bool         // wrap also for keys that no rule vouches for

	named   []keeper.MasterKey // the keys of the new group
	removal bool               // a group goes
}

// AddGroup adds a key group to a file: the data key is split afresh.
func (a *App) AddGroup(ctx context.Context, o GroupOptions) error {
	keys, err := o.Keys.parse()
	if err != nil {
		return err
	}
	if len(keys) == 0 {
		return fail(codeGeneric, "name a key, for example --kms ARN or --age age1...", "empty key group provided: the new group has no keys")
	}
	keys = awskey.UnderProfile(keys, o.AWSProfile)
	texts, err := a.newContext(o.EncryptionContext)
	if err != nil {
		return err
	}
	if !withContext([][]keeper.MasterKey{keys}, texts) && o.EncryptionContext != "" {
		return fail(codeContext, "leave it out, or add an AWS KMS key to the group", "--encryption-context has no effect: the group has no AWS KMS key")
	}
	o.named, o.Access = keys, o.Access.naming(keys)
	return a.regroup(ctx, o, func(groups [][]keeper.MasterKey) ([][]keeper.MasterKey, error) {
		return append(groups, keys), nil
	})
}

// DeleteGroup takes a key group out of a file.
func (a *App) DeleteGroup(ctx context.Context, o GroupOptions) error {
	o.removal = true
	return a.regroup(ctx, o, func(groups [][]keeper.MasterKey) ([][]keeper.MasterKey, error) {
		switch {
		case o.Index < 0 || o.Index >= len(groups):
			return nil, fail(codeGeneric, fmt.Sprintf("the groups are 0 to %d", len(groups)-1), "there is no group %d", o.Index)
		case len(groups) == 1:
			return nil, fail(codeGeneric, "to change its keys, use: sops rotate --add-kms ... --rm-kms ...",
				"group 0 is the only one; without it nobody could open the file")
		}
		return slices.Delete(groups, o.Index, o.Index+1), nil
	})
}

// regroup gives a file other groups. It writes nothing unless every key was
// wrapped and what this run can open of the result holds the data key.
func (a *App) regroup(ctx context.Context, o GroupOptions, change func([][]keeper.MasterKey) ([][]keeper.MasterKey, error)) error {
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
	s, err := a.readEncrypted(ctx, o.File, o.Common, codeReadInput)
	if err != nil {
		return err
	}
	encrypted, err := s.readEncrypted()
	if err != nil {
		return err
	}
	if err := a.requireSeal(s, encrypted.Meta.Seal != "", o.Access); err != nil {
		return s.name(err)
	}
	out, err := a.regrouped(ctx, s, encrypted, o, change)
	if err != nil {
		return s.name(err)
	}
	if err := a.write(ctx, s, o.Target, out, encryptedMode); err != nil {
		return err
	}
	if o.removal {
		a.tellOldCopies(s.Path)
	}
	return nil
}

// regrouped returns the text of the file with the changed groups.
func (a *App) regrouped(ctx context.Context, s *source, encrypted *envelope.Encrypted, o GroupOptions, change func([][]keeper.MasterKey) ([][]keeper.MasterKey, error)) ([]byte, error) {
	before := encrypted.Meta.MasterKeys()
	groups, err := change(slices.Clone(before))
	if err != nil {
		return nil, err
	}
	threshold, err := regroupedThreshold(o.Threshold, encrypted.Meta.Threshold, len(before), len(groups))
	if err != nil {
		return nil, err
	}
	options, err := a.decryptOptions(o.Access)
	if err != nil {
		return nil, err
	}
	keepers := a.keepers(ctx, o.Access)
	r, err := a.recoverKey(ctx, s, encrypted, keepers, o.Access)
	if err != nil {
		return nil, err
	}
	if _, err := encrypted.DecryptWith(r.Data, options); err != nil {
		return nil, err
	}
	if !o.AcceptKeys {
		if err := s.knowsRule(encrypted.Meta.Seal != ""); err != nil {
			return nil, err
		}
	}
	g := giving{sealVouches: true, before: before, after: groups, named: o.named, needed: max(
		groupsNeeded(encrypted.Meta.Threshold, len(before)), groupsNeeded(threshold, len(groups)))}
	if err := a.vouch(ctx, s, encrypted, g, o.AcceptKeys); err != nil {
		return nil, err
	}
	wrapped, err := unlock.Wrap(ctx, keepers, groups, threshold, r.Data, a.Random)
	if err != nil {
		return nil, err
	}
	out, err := encrypted.SetKeys(wrapped, threshold, a.Random)
	if err != nil {
		return nil, err
	}
	return out, a.proved(ctx, out, s, r.Data, keepers, options)
}

// regroupedThreshold returns the threshold of the new groups. Unlike a rule, a
// person at work on groups is told if the old one does not fit them.
func regroupedThreshold(flag, file, before, groups int) (int, error) {
	if before == 1 {
		file = 0 // it meant nothing
	}
	switch {
	case groups == 1 && flag != 0:
		return newThreshold(flag, 0, file, before, groups)
	case flag != 0:
		return flag, checkThreshold(flag, groups)
	case file > groups:
		return 0, fail(codeGeneric, fmt.Sprintf("if that is meant, add --shamir-secret-sharing-threshold %d", groups),
			"only %d of the groups would be left, and the file needs %d", groups, file)
	case groups == 1:
		return 0, nil
	case file == 0:
		return groups, nil
	}
	return file, checkThreshold(file, groups)
}

// proved opens the new text with the keys of this run, as far as they go: some of
// its groups may be for others alone. That the entries are in the text as they
// were wrapped is known already. What opens must give the data key.
func (a *App) proved(ctx context.Context, text []byte, s *source, want keeper.Data, keepers keeper.Keeper, options envelope.DecryptOptions) error {
	back, err := envelope.Parse(text, s.in)
	if err != nil {
		return err
	}
	options.Unlock.Verify = func(d keeper.Data) bool { return d.Equal(want) }
	r, err := back.Recover(ctx, keepers, options)
	var closed *unlock.Error
	switch {
	case errors.As(err, &closed) && closed.Reason == nil:
		a.verbosef("%s: this run opens %d of the %d groups that the file now needs", s.Path, closed.Got(), closed.Required)
		return nil
	case err == nil && !r.Data.Equal(want):
		err = errors.New("its keys hold another data key")
	}
	if err != nil {
		return fail(codeGeneric, "", "nothing was written, because the result does not open: %w", err)
	}
	return nil
}
