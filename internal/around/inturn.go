package around

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/seed-1f7fdfb8/sops/keeper"
)

// A Service is a keeper that asks another program, and has its name.
type Service interface {
	keeper.Keeper
	fmt.Stringer
}

// beforePerson is how long services may take where a person comes after them.
const beforePerson = 30 * time.Second

// InTurn returns a keeper that asks first the keys of this machine, if local is
// not nil, and then each of the services, until one can. One that is silent for
// the time of hedge is not waited for: the next is asked beside it. A person is
// asked only after all services have failed.
func InTurn(local keeper.Keeper, services []Service, hedge time.Duration) keeper.Keeper {
	return inTurn{local, services, hedge}
}

type inTurn struct {
	local    keeper.Keeper
	services []Service
	hedge    time.Duration
}

// Kind is "": keys of every kind can be asked for.
func (inTurn) Kind() string { return "" }

// Inside returns the keys of this machine, whose powers services do not have.
func (t inTurn) Inside() keeper.Keeper { return t.local }

// Wrap wraps with the first that can.
func (t inTurn) Wrap(ctx context.Context, m keeper.MasterKey, d keeper.Data) (keeper.WrappedKey, error) {
	return first(ctx, t.hedge, t.ways(), func(ctx context.Context, k keeper.Keeper) (keeper.WrappedKey, error) { return k.Wrap(ctx, m, d) })
}

// Unwrap unwraps with the first that can.
func (t inTurn) Unwrap(ctx context.Context, w keeper.WrappedKey) (keeper.Data, error) {
	unwrap := func(ctx context.Context, k keeper.Keeper) (keeper.Data, error) { return k.Unwrap(ctx, w) }
	if !keeper.Asks(ctx, t, w) {
		return first(ctx, t.hedge, t.ways(), unwrap)
	}
	limited, cancel := context.WithTimeout(ctx, beforePerson)
	defer cancel()
	d, err := first(limited, t.hedge, t.ways()[1:], unwrap)
	if err == nil {
		return d, nil
	}
	d, asked := t.local.Unwrap(ctx, w)
	if asked == nil {
		return d, nil
	}
	return keeper.Data{}, errors.Join(asked, err)
}

// ways returns the keepers in the order in which they are asked.
func (t inTurn) ways() []keeper.Keeper {
	var all []keeper.Keeper
	if t.local != nil {
		all = append(all, t.local)
	}
	for _, s := range t.services {
		all = append(all, s)
	}
	return all
}

// first asks each keeper in turn, the next one at once after an error and beside
// it after a silence. The error has that of each.
func first[T any](ctx context.Context, hedge time.Duration, all []keeper.Keeper, ask func(context.Context, keeper.Keeper) (T, error)) (T, error) {
	type answer struct {
		n     int
		value T
		err   error
	}
	var none T
	var running sync.WaitGroup
	defer running.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	answers := make(chan answer, len(all))
	silence := time.NewTimer(hedge)
	defer silence.Stop()
	started, errs := 0, make([]error, len(all))
	next := func() {
		if n := started; n < len(all) {
			started++
			silence.Reset(hedge)
			running.Go(func() {
				value, err := ask(ctx, all[n])
				answers <- answer{n, value, err}
			})
		}
	}
	next()
	for failed := 0; failed < len(all); {
		select {
		case a := <-answers:
			if a.err == nil {
				return a.value, nil
			}
			errs[a.n] = a.err
			failed++
			next()
		case <-silence.C:
			next()
		}
	}
	return none, errors.Join(slices.DeleteFunc(errs, func(err error) bool { return err == nil })...)
}
