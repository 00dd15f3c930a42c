package around

import (
	"context"
	"crypto/sha256"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/seed-1f7fdfb8/sops/keeper"
)

// Once returns k with a memory: what it unwrapped is not asked for again, also
// while the answer is on its way. It is for runs over many files, of which some
// are copies of others and have their wrapped keys.
func Once(k keeper.Keeper) keeper.Keeper {
	return &once{Keeper: k, calls: map[[sha256.Size]byte]*call{}}
}

type once struct {
	keeper.Keeper
	mu    sync.Mutex
	calls map[[sha256.Size]byte]*call
}

// A call is one to a key service, and what came of it after done is closed.
type call struct {
	done chan struct{}
	data keeper.Data
	err  error
}

// Inside returns the keeper that is asked once.
func (o *once) Inside() keeper.Keeper { return o.Keeper }

// Unwrap asks once for each entry. An error is for its own caller alone, whose time may
// have ended: whoever waited for it asks anew.
func (o *once) Unwrap(ctx context.Context, w keeper.WrappedKey) (keeper.Data, error) {
	key := sha256.Sum256(fmt.Appendf(nil, "%q %q %q", w.Kind, w.Fields, w.Enc))
	o.mu.Lock()
	c, asked := o.calls[key]
	if !asked {
		c = &call{done: make(chan struct{})}
		o.calls[key] = c
	}
	o.mu.Unlock()
	if !asked {
		c.data, c.err = o.Keeper.Unwrap(ctx, w)
		if c.err != nil {
			o.mu.Lock()
			delete(o.calls, key)
			o.mu.Unlock()
		}
		close(c.done)
		return c.data, c.err
	}
	select {
	case <-c.done:
	case <-ctx.Done():
		return keeper.Data{}, context.Cause(ctx)
	}
	if c.err == nil {
		return c.data, nil
	}
	return o.Keeper.Unwrap(ctx, w)
}

// Calls counts what keepers are asked for.
type Calls struct{ Unwraps, Wraps atomic.Int64 }

// Counted returns k with its calls counted in c.
func Counted(k keeper.Keeper, c *Calls) keeper.Keeper { return &counted{k, c} }

type counted struct {
	keeper.Keeper
	calls *Calls
}

// Inside returns the keeper whose calls are counted.
func (c *counted) Inside() keeper.Keeper { return c.Keeper }

// Wrap counts a call.
func (c *counted) Wrap(ctx context.Context, m keeper.MasterKey, d keeper.Data) (keeper.WrappedKey, error) {
	c.calls.Wraps.Add(1)
	return c.Keeper.Wrap(ctx, m, d)
}

// Unwrap counts a call.
func (c *counted) Unwrap(ctx context.Context, w keeper.WrappedKey) (keeper.Data, error) {
	c.calls.Unwraps.Add(1)
	return c.Keeper.Unwrap(ctx, w)
}

// Pretending returns k without its power to wrap: a dry run calls no key service
// for what it throws away.
func Pretending(k keeper.Keeper) keeper.Keeper { return &pretending{k} }

type pretending struct{ keeper.Keeper }

// Inside returns the keeper that unwraps.
func (p *pretending) Inside() keeper.Keeper { return p.Keeper }

// Wrap returns an entry that nothing opens.
func (p *pretending) Wrap(_ context.Context, m keeper.MasterKey, _ keeper.Data) (keeper.WrappedKey, error) {
	return keeper.WrappedKey{MasterKey: m, Enc: "dry run"}, nil
}
