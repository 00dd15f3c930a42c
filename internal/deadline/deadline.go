// Package deadline limits how long machines may take, without counting the time
// of a person.
//
// A context of With ends after a duration, as one of context.WithTimeout does.
// While something waits for a person (a prompt, a browser, a token that wants to
// be touched), whoever runs it pauses all deadlines of its context:
//
//	defer deadline.Pause(ctx)()
//	out, err := program.Run()
package deadline

import (
	"context"
	"sync"
	"time"
)

// clock is a context that ends when its time is used up. Its channel is its own,
// so that contexts made of it ask it for their error.
type clock struct {
	context.Context // for values and the cause
	done            chan struct{}

	mu     sync.Mutex
	err    error
	left   time.Duration // when the timer was started
	since  time.Time
	timer  *time.Timer
	paused int // pauses that have not ended
}

type clockKey struct{}

// With returns a context that ends after d, not counting pauses, with the error
// context.DeadlineExceeded and the given cause.
func With(ctx context.Context, d time.Duration, cause error) (context.Context, context.CancelFunc) {
	return WithIf(ctx, d, cause, func() bool { return true })
}

// WithIf is With, but for a context that goes on without a deadline of its own
// if holds is false when d is over. It may be called from any goroutine.
func WithIf(ctx context.Context, d time.Duration, cause error, holds func() bool) (context.Context, context.CancelFunc) {
	inner, cancel := context.WithCancelCause(ctx)
	c := &clock{Context: inner, done: make(chan struct{}), left: d, since: time.Now()}
	end := func(err, cause error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.err != nil {
			return
		}
		c.err = err
		c.timer.Stop()
		cancel(cause)
		close(c.done)
	}
	c.mu.Lock()
	c.timer = time.AfterFunc(d, func() {
		c.mu.Lock()
		paused := c.paused > 0
		c.mu.Unlock()
		if !paused && holds() {
			end(context.DeadlineExceeded, cause)
		}
	})
	c.mu.Unlock()
	stop := context.AfterFunc(ctx, func() { end(ctx.Err(), context.Cause(ctx)) })
	return c, func() {
		stop()
		end(context.Canceled, context.Canceled)
	}
}

// Done returns the channel that is closed when the context ends.
func (c *clock) Done() <-chan struct{} { return c.done }

// Err returns why the context ended.
func (c *clock) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Value returns the clock itself, or what the outer contexts have.
func (c *clock) Value(key any) any {
	if key == (clockKey{}) {
		return c
	}
	return c.Context.Value(key)
}

func (c *clock) outer() *clock { return of(c.Context) }

func of(ctx context.Context) *clock {
	c, _ := ctx.Value(clockKey{}).(*clock)
	return c
}

// Pause stops all deadlines of ctx until resume is called.
func Pause(ctx context.Context) (resume func()) {
	var all []*clock
	for c := of(ctx); c != nil; c = c.outer() {
		c.pause()
		all = append(all, c)
	}
	return func() {
		for _, c := range all {
			c.resume()
		}
	}
}

func (c *clock) pause() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.paused++; c.paused == 1 {
		c.timer.Stop()
		c.left -= time.Since(c.since)
	}
}

func (c *clock) resume() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.paused--; c.paused == 0 && c.err == nil {
		c.since = time.Now()
		c.timer.Reset(max(c.left, 0))
	}
}

// Left returns how much time the innermost deadline of ctx leaves, and whether
// there is one.
func Left(ctx context.Context) (time.Duration, bool) {
	c := of(ctx)
	if c == nil {
		at, ok := ctx.Deadline()
		return time.Until(at), ok
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.paused > 0 {
		return c.left, true
	}
	return c.left - time.Since(c.since), true
}

// Until returns what f returns, or the cause when ctx ends first: a pipe that
// nothing else has open keeps a read for ever. f goes on to the end of the process
// then, and so must not be in the middle of something.
func Until[T any](ctx context.Context, f func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		v, err := f()
		done <- result{v, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, context.Cause(ctx)
	}
}
