package rekey

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/internal/keyplan"
	"github.com/seed-1f7fdfb8/sops/internal/unlock"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/awskey"
)

// GroupOptions are the options of AddGroup and DeleteGroup.
type GroupOptions struct {
	app.File
	app.Common
	app.Access
	app.Target
	Keys              app.RepeatedKeys // of the new group
	EncryptionContext string           // for its AWS keys
	Index             int              // from 0, of the group to delete
	Threshold         int              // 0: as it was
	AcceptKeys        bool             // wrap also for keys that no rule vouches for

	named []keeper.MasterKey // the keys of the new group
}

// AddGroup adds a key group to a file: the data key is split afresh.
func AddGroup(ctx context.Context, a *app.App, o GroupOptions) error {
	keys, err := o.Keys.Parse()
	if err != nil {
		return err
	}
	if len(keys) == 0 {
		return app.Fail(app.Other, "name a key, for example --kms ARN or --age age1...", "empty key group provided: the new group has no keys")
	}
	keys = awskey.UnderProfile(keys, o.AWSProfile)
	texts, err := a.NewContext(o.EncryptionContext)
	if err != nil {
		return err
	}
	if !app.WithContext([][]keeper.MasterKey{keys}, texts) && o.EncryptionContext != "" {
		return app.Fail(app.BadContext, "leave it out, or add an AWS KMS key to the group", "--encryption-context has no effect: the group has no AWS KMS key")
	}
	o.named, o.Access = keys, o.Access.Naming(keys)
	a.Outcome().Did("add_group", strings.Join(identities(keys), " "), "")
	return regroup(ctx, a, o, func(groups [][]keeper.MasterKey) ([][]keeper.MasterKey, error) {
		return append(groups, keys), nil
	})
}

func identities(keys []keeper.MasterKey) []string {
	var out []string
	for _, m := range keys {
		out = append(out, m.Identity())
	}
	return out
}

// DeleteGroup takes a key group out of a file.
func DeleteGroup(ctx context.Context, a *app.App, o GroupOptions) error {
	a.Outcome().Did("delete_group", strconv.Itoa(o.Index), "")
	return regroup(ctx, a, o, func(groups [][]keeper.MasterKey) ([][]keeper.MasterKey, error) {
		switch {
		case o.Index < 0 || o.Index >= len(groups):
			return nil, app.Fail(app.Other, fmt.Sprintf("the groups are 0 to %d", len(groups)-1), "there is no group %d", o.Index)
		case len(groups) == 1:
			return nil, app.Fail(app.Other, "to change its keys, use: sops rotate --add-kms ... --rm-kms ...",
				"group 0 is the only one; without it no key could open the file")
		}
		return slices.Delete(groups, o.Index, o.Index+1), nil
	})
}

// regroup gives a file other groups. It writes nothing unless every key was
// wrapped and what this run can open of the result holds the data key.
func regroup(ctx context.Context, a *app.App, o GroupOptions, change func([][]keeper.MasterKey) ([][]keeper.MasterKey, error)) error {
	r := app.Request{File: o.File, Common: o.Common, Access: o.Access, Target: o.Target, Missing: app.Input}
	return a.Update(ctx, r, func(t *app.Tx) error {
		encrypted, err := t.Encrypted()
		if err != nil {
			return err
		}
		if err := a.RequireSeal(t.Source, encrypted.Meta.Seal != "", o.Access); err != nil {
			return t.Named(err)
		}
		text, err := regrouped(ctx, a, t.Source, encrypted, o, change)
		if err != nil {
			return t.Named(err)
		}
		t.Put(text)
		return nil
	})
}

// regrouped returns the text of the file with the changed groups.
func regrouped(ctx context.Context, a *app.App, s *app.Source, encrypted *envelope.Encrypted, o GroupOptions, change func([][]keeper.MasterKey) ([][]keeper.MasterKey, error)) ([]byte, error) {
	before := app.KeysOf(encrypted.Meta)
	groups, err := change(slices.Clone(before.Groups))
	if err != nil {
		return nil, err
	}
	threshold, err := keyplan.ForGroups(o.Threshold, before, len(groups))
	if err != nil {
		return nil, thresholdError(err)
	}
	options, err := a.DecryptOptions(o.Access)
	if err != nil {
		return nil, err
	}
	keepers := a.Keepers(ctx, o.Access)
	r, err := a.RecoverKey(ctx, s, encrypted, keepers, o.Access)
	if err != nil {
		return nil, err
	}
	if _, err := encrypted.DecryptWith(r.Data, options); err != nil {
		return nil, err
	}
	if !o.AcceptKeys {
		if err := s.KnowsRule(encrypted.Meta.Seal != ""); err != nil {
			return nil, err
		}
	}
	after := keeper.Groups{Groups: groups, Threshold: threshold}
	g := keyplan.Grant{
		Before: before.Groups, After: groups, Named: o.named, SealVouches: true,
		Needed: max(before.Needed(), after.Needed()),
	}
	if err := a.Vouch(ctx, s, encrypted, g, o.AcceptKeys); err != nil {
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
	if a.DryRun {
		return out, nil // the new entries are none
	}
	return out, proved(ctx, a, out, s, r.Data, keepers, options)
}

// thresholdError adds advice to an error of keyplan.
func thresholdError(err error) error {
	var few *keyplan.TooFewError
	e := &app.Error{Kind: app.Other, Err: err}
	switch {
	case errors.As(err, &few):
		e.Advice = []string{fmt.Sprintf("if that is meant, add --shamir-secret-sharing-threshold %d", few.Left)}
	case errors.Is(err, keyplan.ErrOneGroup):
		e.Advice = []string{"leave --shamir-secret-sharing-threshold out"}
	}
	return e
}

// proved opens the new text with the keys of this run, as far as they go: some of
// its groups may be for others alone. That the entries are in the text as they
// were wrapped is known already. What opens must give the data key.
func proved(ctx context.Context, a *app.App, text []byte, s *app.Source, want keeper.Data, keepers keeper.Keeper, options envelope.DecryptOptions) error {
	back, err := envelope.Parse(text, s.In)
	if err != nil {
		return err
	}
	options.Unlock.Verify = func(d keeper.Data) bool { return d.Equal(want) }
	r, err := back.Recover(ctx, keepers, options)
	var closed *unlock.Error
	switch {
	case errors.As(err, &closed) && closed.Reason == nil:
		a.Verbosef("%s: this run opens %d of the %d groups that the file now needs", s.Path, closed.Got(), closed.Required)
		return nil
	case err == nil && !r.Data.Equal(want):
		err = errors.New("its keys hold another data key")
	}
	if err != nil {
		return app.Fail(app.Other, "", "nothing was written, because the result does not open: %w", err)
	}
	return nil
}
