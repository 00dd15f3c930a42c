package unlock

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/deadline"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// offer is a part that a group's race brings to the search. The verdict is nil
// if the search took it; otherwise it says why the race must go on.
type offer struct {
	group   int
	part    keeper.Data
	from    *candidate
	verdict chan error
}

// answer is what came of one attempt.
type answer struct {
	from *candidate
	part keeper.Data
	err  error
	asks bool // nothing was tried, since the key asks a person
}

// race tries the keys of a group that need no person until one gives a part
// that the search takes, all have failed or ctx has ended. It is the only one
// to write the errors of these candidates meanwhile.
func (s *search) race(ctx context.Context, group int, g *group, offers chan<- offer) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	waiting := g.keys
	answers := make(chan answer, len(waiting))
	hedge := time.NewTimer(s.o.Hedge)
	defer hedge.Stop()
	running := map[*candidate]bool{}
	next := func() {
		if len(waiting) == 0 {
			return
		}
		c := waiting[0]
		waiting = waiting[1:]
		running[c] = true
		s.attempts.Go(func() { answers <- s.attempt(ctx, c, g.asking.Load) })
		hedge.Reset(s.o.Hedge)
	}
	for next(); len(running) > 0; {
		select {
		case <-hedge.C:
			next()
		case a := <-answers:
			delete(running, a.from)
			if a.from.checked, a.from.asks = true, a.asks; a.asks {
				g.asking.Store(true)
				next()
				continue
			}
			if a.err == nil {
				a.err = s.offer(offer{group: group, part: a.part, from: a.from, verdict: make(chan error)}, offers)
			}
			if a.from.err = a.err; a.err == nil {
				return
			}
			next()
		case <-ctx.Done():
			cause := context.Cause(ctx)
			hear(cause, answers, running)
			giveUp(cause, running, waiting)
			return
		}
	}
}

// offer brings a part to the search and returns its verdict.
func (s *search) offer(f offer, offers chan<- offer) error {
	if err := s.parts.fits(f.part); err != nil {
		return err
	}
	offers <- f
	return <-f.verdict
}

// hear waits a little for what the keys that are still being asked say when the
// time for all is up, which is more than that it is up. If another key was quicker,
// or the user has gone, it does not matter.
func hear(cause error, answers <-chan answer, running map[*candidate]bool) {
	if !errors.As(cause, new(silence)) {
		return
	}
	t := time.NewTimer(lastWords)
	defer t.Stop()
	for len(running) > 0 {
		select {
		case a := <-answers:
			delete(running, a.from)
			if a.from.checked, a.from.asks = true, a.asks; !a.asks {
				a.from.err = cmp.Or(a.err, cause)
			}
		case <-t.C:
			return
		}
	}
}

// giveUp notes on the candidates that are left why the race has ended.
func giveUp(cause error, running map[*candidate]bool, waiting []*candidate) {
	for c := range running {
		c.err = cause
	}
	for _, c := range waiting {
		c.err = fmt.Errorf("not tried, since the keys before it took all the time: %w", cause)
	}
}

// attempt asks one key, unless that would ask a person. Its time is limited if
// another key does that.
func (s *search) attempt(ctx context.Context, c *candidate, othersAsk func() bool) answer {
	if s.asks(ctx, c) {
		return answer{from: c, asks: true}
	}
	ctx, cancel := deadline.WithIf(ctx, s.o.Attempt, silence{s.o.Attempt, "--attempt-timeout"}, othersAsk)
	defer cancel()
	d, err := s.keeper.Unwrap(ctx, c.key)
	if err != nil {
		err = explain(ctx, err)
	}
	return answer{from: c, part: d, err: err}
}

// explain says of an error that a deadline has caused which deadline that was.
func explain(ctx context.Context, err error) error {
	if !errors.Is(ctx.Err(), context.DeadlineExceeded) || !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if err == context.DeadlineExceeded { // a bare one adds nothing to the cause
		return context.Cause(ctx)
	}
	return fmt.Errorf("%w: %w", context.Cause(ctx), err)
}
