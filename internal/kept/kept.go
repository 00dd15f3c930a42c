// Package kept keeps a value that calls need and that takes time to find, such
// as the token of a service: the first call finds it, calls that run at once wait
// for it, and it stays as long as it is good.
package kept

import (
	"context"
	"sync"
)

// A Turn lets one call at a time do something; others wait as long as their
// context allows. Its zero value is ready for use.
type Turn struct {
	once sync.Once
	held chan struct{}
}

// Take waits for the turn. It lasts until leave is called.
func (t *Turn) Take(ctx context.Context) (leave func(), err error) {
	t.once.Do(func() { t.held = make(chan struct{}, 1) })
	select {
	case t.held <- struct{}{}:
		return func() { <-t.held }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// A Value is found once. Its zero value is ready for use.
type Value[T comparable] struct {
	turn  Turn
	found bool
	value T
}

// Get returns the value that was found before, if it is good; nil is that it
// always is. Else it finds one. A search ends with the context of the call that
// makes it, and the next call begins its own; one that fails is not kept.
func (v *Value[T]) Get(ctx context.Context, good func(T) bool, find func(context.Context) (T, error)) (T, error) {
	leave, err := v.turn.Take(ctx)
	if err != nil {
		var none T
		return none, err
	}
	defer leave()
	if v.found && (good == nil || good(v.value)) {
		return v.value, nil
	}
	found, err := find(ctx)
	if err == nil {
		v.value, v.found = found, true
	}
	return found, err
}

// Drop forgets a value that has proved to be bad, unless another call has replaced
// it by now. It reports whether ctx had time for that.
func (v *Value[T]) Drop(ctx context.Context, bad T) bool {
	leave, err := v.turn.Take(ctx)
	if err != nil {
		return false
	}
	defer leave()
	if v.found && v.value == bad {
		var none T
		v.value, v.found = none, false
	}
	return true
}
