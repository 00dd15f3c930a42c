package app

import (
	"context"
	"time"

	"github.com/seed-1f7fdfb8/sops/keeper"
)

// patience is how long a key may be silent before a person is told for what the
// program waits.
const patience = 2 * time.Second

// A patient keeper says which master key it waits for, once it has waited for a
// while. It is for terminals alone: elsewhere standard error stays silent.
type patient struct {
	keeper.Keeper
	after func(time.Duration, func()) *time.Timer
	say   func(msg string)
}

// Inside returns the keeper that is waited for.
func (p patient) Inside() keeper.Keeper { return p.Keeper }

// Wrap wraps a data key.
func (p patient) Wrap(ctx context.Context, m keeper.MasterKey, d keeper.Data) (keeper.WrappedKey, error) {
	defer p.watch(m)()
	return p.Keeper.Wrap(ctx, m, d)
}

// Unwrap unwraps a data key.
func (p patient) Unwrap(ctx context.Context, w keeper.WrappedKey) (keeper.Data, error) {
	if !keeper.Asks(ctx, p.Keeper, w) { // a person who is asked knows what is waited for
		defer p.watch(w.MasterKey)()
	}
	return p.Keeper.Unwrap(ctx, w)
}

func (p patient) watch(m keeper.MasterKey) (stop func()) {
	t := p.after(patience, func() { p.say("waiting for " + m.Name()) })
	return func() { t.Stop() }
}
