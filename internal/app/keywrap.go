package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/internal/unlock"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// newKeys makes the wrapped keys that c wants with as few calls as that takes.
func (a *App) newKeys(ctx context.Context, s *source, encrypted *envelope.Encrypted, c *keyChange, keepers keeper.Keeper, o UpdateKeysOptions) ([]keeper.Group, error) {
	stock := c.stock()
	groups, missing := c.kept(stock)
	// The seal of a file names its keys, and only the data key renews it.
	closed := encrypted.Meta.Seal != "" && c.changes()
	var err error
	switch {
	case missing == 0 && !closed: // nothing has to be decrypted
	case o.ReEncrypt && closed && c.mustSeal:
		err = fail(codeConflict, "leave --reencrypt out", "the rule asks for a seal, and to renew it takes the data key, which --reencrypt does without")
	case o.ReEncrypt:
		if err = c.reEncrypt(ctx, keepers, groups); err == nil && closed {
			encrypted.Meta.Seal = ""
			a.warnf("%s: the file loses its seal, which names its keys and which only the data key could renew; the next change that opens the file makes a new one", s.Path)
		}
	case missing == 0:
		_, err = a.recovered(ctx, s, encrypted, c, keepers, o)
	case o.AllowPartial:
		groups, err = a.wrapSome(ctx, s, encrypted, c, stock, keepers, o)
	default:
		groups, err = a.wrapMissing(ctx, s, encrypted, c, stock, keepers, o)
	}
	if err != nil {
		return nil, err
	}
	if c.recovered != nil {
		encrypted.Vouch(slices.Concat(c.wanted...)) // the rule names them
	}
	if c.forget {
		for _, g := range groups {
			for i, w := range g {
				g[i].MasterKey = w.WithoutRoute()
			}
		}
	}
	return groups, nil
}

// wrapMissing recovers the data key and wraps it for the keys that lack it.
func (a *App) wrapMissing(ctx context.Context, s *source, encrypted *envelope.Encrypted, c *keyChange, stock []keeper.Group, keepers keeper.Keeper, o UpdateKeysOptions) ([]keeper.Group, error) {
	r, err := a.recovered(ctx, s, encrypted, c, keepers, o)
	if err != nil {
		return nil, err
	}
	return unlock.Rewrap(ctx, keepers, r, stock, c.oldThreshold, c.wanted, c.threshold, a.Random)
}

// recovered returns the data key, which compareSeal may have asked for before.
func (a *App) recovered(ctx context.Context, s *source, encrypted *envelope.Encrypted, c *keyChange, keepers keeper.Keeper, o UpdateKeysOptions) (*unlock.Recovered, error) {
	if c.recovered != nil {
		return c.recovered, nil
	}
	r, err := a.recoverKey(ctx, s, encrypted, keepers, o.Access)
	c.recovered = r
	return r, err
}

// wrapSome is wrapMissing that goes without new keys that cannot be wrapped.
func (a *App) wrapSome(ctx context.Context, s *source, encrypted *envelope.Encrypted, c *keyChange, stock []keeper.Group, keepers keeper.Keeper, o UpdateKeysOptions) ([]keeper.Group, error) {
	k := &lenient{Keeper: keepers}
	groups, err := a.wrapMissing(ctx, s, encrypted, c, stock, k, o)
	if err != nil {
		return nil, err
	}
	if len(k.failed.Keys) == 0 {
		return groups, nil
	}
	if err := c.loses(k.left, groups); err != nil {
		return nil, errors.Join(err, &k.failed)
	}
	a.leaveOut(s.Path, &k.failed, groups)
	return groups, nil
}

// loses refuses to go without keys that the file has, or without all keys of a
// group: to be left out is for new keys.
func (c *keyChange) loses(left []keeper.MasterKey, groups []keeper.Group) error {
	for _, m := range left {
		for _, g := range c.old {
			if slices.ContainsFunc(g, func(w keeper.WrappedKey) bool { return sameService(w.MasterKey, m) }) {
				return fmt.Errorf("%s is in the file already and cannot be wrapped anew: --allow-partial removes no key", m.Identity())
			}
		}
	}
	return anyOfEach(groups)
}

// sameService reports whether two entries name one key, however it is reached.
func sameService(a, b keeper.MasterKey) bool {
	return keeper.Same(a.WithoutContext(), b.WithoutContext())
}

// reEncrypt fills the gaps of groups by kms:ReEncrypt.
func (c *keyChange) reEncrypt(ctx context.Context, keepers keeper.Keeper, groups []keeper.Group) error {
	aws, ok := keeper.As[keeper.ReEncrypter](keepers, keeper.KMS)
	switch {
	case !ok:
		return fail(codeGeneric, "leave --reencrypt out", "this run does not reach AWS KMS itself, so that --reencrypt is not possible")
	case len(c.old) != 1 || len(groups) != 1:
		return fail(codeConflict, "leave --reencrypt out",
			"--reencrypt moves a whole data key, and a file with several key groups holds shares of it")
	}
	for i, w := range groups[0] {
		if w.Enc != "" {
			continue
		}
		moved, err := moveTo(ctx, aws, c.old[0], w.MasterKey)
		if err != nil {
			return err
		}
		groups[0][i] = moved
	}
	return nil
}

// moveTo tries each key of the file that KMS can move from to m: ReEncrypt stays
// inside one region.
func moveTo(ctx context.Context, aws keeper.ReEncrypter, from keeper.Group, m keeper.MasterKey) (keeper.WrappedKey, error) {
	if m.Kind != keeper.KMS {
		return keeper.WrappedKey{}, fail(codeConflict, "leave --reencrypt out", "--reencrypt is for AWS KMS keys; %s is none", m.Identity())
	}
	var errs []error
	for _, w := range from {
		if w.Kind != keeper.KMS || regionOf(w.MasterKey) != regionOf(m) {
			continue
		}
		moved, err := aws.ReEncrypt(ctx, w, m)
		if err == nil {
			return moved, nil
		}
		errs = append(errs, err)
	}
	if len(errs) == 0 {
		return keeper.WrappedKey{}, fail(codeGeneric, "leave --reencrypt out",
			"no AWS KMS key in %s has the data key of this file, and kms:ReEncrypt stays inside one region", regionOf(m))
	}
	return keeper.WrappedKey{}, errors.Join(errs...)
}

// regionOf returns the fourth part of the ARN.
func regionOf(m keeper.MasterKey) string {
	const at = 3
	if parts := strings.Split(m.Text("arn"), ":"); len(parts) > at {
		return parts[at]
	}
	return ""
}
