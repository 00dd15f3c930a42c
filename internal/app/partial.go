package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/seed-1f7fdfb8/sops/internal/hint"

	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/internal/meta"
	"github.com/seed-1f7fdfb8/sops/internal/unlock"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// --allow-partial: nobody may be able to use all keys of a file. Whoever begins
// goes without those that they cannot use, and the others add them.

// A lenient keeper gives an entry without an Enc for a key that cannot wrap,
// and remembers why.
type lenient struct {
	keeper.Keeper

	mu     sync.Mutex
	failed unlock.WrapError
	left   []keeper.MasterKey
}

// Wrap never fails unless ctx ended.
func (l *lenient) Wrap(ctx context.Context, m keeper.MasterKey, d keeper.Data) (keeper.WrappedKey, error) {
	w, err := l.Keeper.Wrap(ctx, m, d)
	if err == nil || errors.Is(ctx.Err(), context.Canceled) {
		return w, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failed.Keys = append(l.failed.Keys, unlock.KeyReport{Identity: m.Identity(), Err: err})
	l.left = append(l.left, m)
	return keeper.WrappedKey{MasterKey: m}, nil
}

// Inside returns the keeper that may fail.
func (l *lenient) Inside() keeper.Keeper { return l.Keeper }

// anyOfEach refuses groups that nobody could open.
func anyOfEach(groups []keeper.Group) error {
	for i, g := range groups {
		if !slices.ContainsFunc(g, func(w keeper.WrappedKey) bool { return w.Enc != "" }) {
			return fmt.Errorf("no key of group %d can be wrapped", i+1)
		}
	}
	return nil
}

// leaveOut takes the entries without an Enc out of groups, and says so.
func (a *App) leaveOut(path string, failed *unlock.WrapError, groups []keeper.Group) {
	total := 0
	for i := range groups {
		total += len(groups[i])
		groups[i] = slices.DeleteFunc(groups[i], func(w keeper.WrappedKey) bool { return w.Enc == "" })
	}
	for _, f := range failed.Keys {
		a.warnf("%s: LEFT OUT: %s: %v", path, f.Identity, f.Err)
	}
	a.warnf("%s: %d of %d keys are left out; once they are in .sops.yaml, whoever can use them adds them with: sops updatekeys %s",
		path, len(failed.Keys), total, hint.Path(path))
}

// create makes a new file whose keys have all been wrapped.
func (a *App) create(ctx context.Context, s *source, plain []byte, plan envelope.Plan, access Access) (*envelope.Decrypted, error) {
	return a.createWith(ctx, s, plain, plan, a.keepers(ctx, access))
}

// createSome makes the new file that o asks for, as far as its keys go.
func (a *App) createSome(ctx context.Context, s *source, plan envelope.Plan, o EncryptOptions) (*envelope.Decrypted, error) {
	if !o.AllowPartial {
		return a.create(ctx, s, s.data, plan, o.Access)
	}
	k := &lenient{Keeper: a.keepers(ctx, o.Access)}
	decrypted, err := a.createWith(ctx, s, s.data, plan, k)
	if err != nil || len(k.failed.Keys) == 0 {
		return decrypted, err
	}
	groups := decrypted.Meta.Keys()
	if err := anyOfEach(groups); err != nil {
		return nil, fmt.Errorf("Could not generate data key: %w", errors.Join(err, &k.failed))
	}
	a.leaveOut(cmp.Or(s.FilenameOverride, s.Path), &k.failed, groups)
	for i, g := range decrypted.Meta.Groups {
		decrypted.Meta.Groups[i] = slices.DeleteFunc(g, func(e meta.Entry) bool { return e.Enc == "" })
	}
	return decrypted, nil
}
