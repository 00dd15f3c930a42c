package app

import (
	"context"

	"github.com/seed-1f7fdfb8/sops/keeper"
)

// A tracer is a keeper that says what it does, to those who asked for it.
type tracer struct {
	keeper.Keeper
	say func(format string, args ...any)
}

// Inside returns the keeper that is traced.
func (t tracer) Inside() keeper.Keeper { return t.Keeper }

// Wrap says for which master key a data key was wrapped.
func (t tracer) Wrap(ctx context.Context, m keeper.MasterKey, d keeper.Data) (keeper.WrappedKey, error) {
	w, err := t.Keeper.Wrap(ctx, m, d)
	t.tell("wrap", m, err)
	return w, err
}

// Unwrap says which master key gave a data key, and which did not.
func (t tracer) Unwrap(ctx context.Context, w keeper.WrappedKey) (keeper.Data, error) {
	d, err := t.Keeper.Unwrap(ctx, w)
	t.tell("unwrap", w.MasterKey, err)
	return d, err
}

func (t tracer) tell(what string, m keeper.MasterKey, err error) {
	if err != nil {
		t.say("%s with %s: %v", what, m.Name(), err)
		return
	}
	t.say("%s with %s: done", what, m.Name())
}

// A refuser is a keeper that may not be used, for a reason.
type refuser struct{ err error }

// Kind is "": it refuses all kinds.
func (r refuser) Kind() string { return "" }

// Wrap refuses.
func (r refuser) Wrap(context.Context, keeper.MasterKey, keeper.Data) (keeper.WrappedKey, error) {
	return keeper.WrappedKey{}, r.err
}

// Unwrap refuses.
func (r refuser) Unwrap(context.Context, keeper.WrappedKey) (keeper.Data, error) {
	return keeper.Data{}, r.err
}
