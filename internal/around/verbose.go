// Package around holds keepers around keepers: one that says what it does, one
// that says what it waits for, one that goes on without keys that fail, one that
// asks several in turn, and one that refuses.
package around

import (
	"context"

	"github.com/seed-1f7fdfb8/sops/keeper"
)

// Traced returns k with a note on each thing that it does.
func Traced(k keeper.Keeper, say func(format string, args ...any)) keeper.Keeper {
	return tracer{k, say}
}

// A tracer is a keeper that says what it does.
type tracer struct {
	keeper.Keeper
	say func(format string, args ...any)
}

// Inside returns the keeper that is watched.
func (t tracer) Inside() keeper.Keeper { return t.Keeper }

// Wrap says for which master key a data key was wrapped.
func (t tracer) Wrap(ctx context.Context, m keeper.MasterKey, d keeper.Data) (keeper.WrappedKey, error) {
	w, err := t.Keeper.Wrap(ctx, m, d)
	t.report("wrap", m, err)
	return w, err
}

// Unwrap says which master key gave a data key, and which did not.
func (t tracer) Unwrap(ctx context.Context, w keeper.WrappedKey) (keeper.Data, error) {
	d, err := t.Keeper.Unwrap(ctx, w)
	t.report("unwrap", w.MasterKey, err)
	return d, err
}

func (t tracer) report(what string, m keeper.MasterKey, err error) {
	if err != nil {
		t.say("%s with %s: %v", what, m.Name(), err)
		return
	}
	t.say("%s with %s: done", what, m.Name())
}
