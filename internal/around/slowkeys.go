package around

import (
	"context"
	"time"

	"github.com/seed-1f7fdfb8/sops/keeper"
)

// patience is how long a key may be silent before the program says what it waits
// for.
const patience = 2 * time.Second

// Patient returns k with a notice once one of its keys has been silent for a
// while. It is for terminals alone: elsewhere standard error stays silent.
func Patient(k keeper.Keeper, say func(msg string)) keeper.Keeper {
	return patient{k, time.AfterFunc, say}
}

// A patient keeper says which master key it waits for.
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
