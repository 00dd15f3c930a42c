package around

import (
	"context"

	"github.com/seed-1f7fdfb8/sops/keeper"
)

// Refusing returns a keeper that may not be used, for the reason err.
func Refusing(err error) keeper.Keeper { return refuser{err} }

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
