package app

import (
	"context"
	"errors"
	"sync"

	"github.com/seed-1f7fdfb8/sops/internal/unlock"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

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

// Asks reports whether the keeper inside may ask a person.
func (l *lenient) Asks(ctx context.Context, w keeper.WrappedKey) bool {
	asker, ok := l.Keeper.(keeper.Asker)
	return ok && asker.Asks(ctx, w)
}
