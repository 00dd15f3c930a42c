package keeper

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A Mux is a Keeper that hands each key to the keeper of its kind.
type Mux map[string]Keeper

// NewMux returns a Mux of the given keepers. Of several of one kind the last is
// used, so that a program can put its own after those of others; nil is none.
func NewMux(keepers ...Keeper) Mux {
	m := Mux{}
	for _, k := range keepers {
		if k != nil {
			m[k.Kind()] = k
		}
	}
	return m
}

// Kind returns "", since a Mux is of every kind.
func (m Mux) Kind() string { return "" }

// Wrap wraps d with the keeper of k's kind.
func (m Mux) Wrap(ctx context.Context, k MasterKey, d Data) (WrappedKey, error) {
	keeper, err := m.keeper(k.Kind)
	if err != nil {
		return WrappedKey{}, err
	}
	return keeper.Wrap(ctx, k, d)
}

// Unwrap unwraps w with the keeper of its kind.
func (m Mux) Unwrap(ctx context.Context, w WrappedKey) (Data, error) {
	keeper, err := m.keeper(w.Kind)
	if err != nil {
		return Data{}, err
	}
	return keeper.Unwrap(ctx, w)
}

func (m Mux) keeper(kind string) (Keeper, error) {
	if k := m[kind]; k != nil {
		return k, nil
	}
	return nil, &UnknownKindError{Kind: kind, Known: slices.Sorted(maps.Keys(m))}
}

// An UnknownKindError says that no keeper can use keys of a kind.
type UnknownKindError struct {
	Kind  string
	Known []string
}

func (e *UnknownKindError) Error() string {
	if len(e.Known) == 0 {
		return fmt.Sprintf("this program cannot use keys of kind %q: it was given no keeper", e.Kind)
	}
	return fmt.Sprintf("this program cannot use keys of kind %q, only %s", e.Kind, strings.Join(e.Known, ", "))
}
