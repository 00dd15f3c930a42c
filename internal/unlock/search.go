package unlock

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/deadline"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// grace is how long an answer waits for attempts that were cancelled. Keepers
// honour their context, so they are gone long before; one that does not may
// not hold the answer back, and is the only goroutine that outlives the call.
const grace = time.Second

// lastWords is how long keys have to say how far they came when the time for
// all is up.
const lastWords = grace / 4

// search is one run of Recover.
type search struct {
	keeper   keeper.Keeper
	o        Options
	groups   []*group
	parts    parts
	attempts sync.WaitGroup
}

// group is a group of the file in the order of trial.
type group struct {
	keys   []*candidate
	open   bool
	asking atomic.Bool // a key that asks a person has been found
}

// parts collects what groups give until that is enough.
type parts interface {
	// fits refuses what cannot be a part. It is called concurrently.
	fits(d keeper.Data) error
	// add takes the part of a group and reports whether that is enough.
	add(group int, d keeper.Data) (enough bool, err error)
	// result is valid once add has reported enough.
	result() *Recovered
	// unverified returns the best there is when nothing more will come.
	unverified() (*Recovered, error)
	// required is the number of groups that are needed.
	required() int
}

func newSearch(k keeper.Keeper, groups []keeper.Group, threshold int, o Options) *search {
	s := &search{keeper: k, o: o}
	for _, g := range groups {
		s.groups = append(s.groups, &group{keys: candidates(g, o)})
	}
	if len(groups) > 1 {
		s.parts = newShares(len(groups), threshold, o)
	} else {
		s.parts = &whole{verify: o.Verify}
	}
	return s
}

// askMachines tries the keys that need no person, in all groups at once, and
// reports whether they were enough.
func (s *search) askMachines(ctx context.Context) bool {
	ctx, cancel := deadline.With(ctx, s.o.Overall, silence{s.o.Overall, "--timeout"})
	defer s.settle()
	defer cancel()
	offers := make(chan offer)
	var races sync.WaitGroup
	for i, g := range s.groups {
		races.Go(func() { s.race(ctx, i, g, offers) })
	}
	go func() { races.Wait(); close(offers) }()
	enough := false
	for f := range offers {
		if enough {
			f.verdict <- nil
			continue
		}
		var err error
		enough, err = s.take(f.group, f.part)
		if enough {
			cancel()
		}
		f.verdict <- err
	}
	return enough
}

// askPeople tries the keys that may ask a person, one at a time.
func (s *search) askPeople(ctx context.Context) bool {
	for i, g := range s.groups {
		for _, c := range g.keys {
			if g.open || !s.mayAsk(ctx, c) {
				continue
			}
			if ctx.Err() != nil {
				return false
			}
			d, err := s.keeper.Unwrap(ctx, c.key)
			if err == nil {
				err = s.parts.fits(d)
			}
			if c.err = err; err != nil {
				continue
			}
			enough, err := s.take(i, d)
			if c.err = err; enough {
				return true
			}
		}
	}
	return false
}

// mayAsk reports whether a key is left for people. What the race did not come to
// is looked at now.
func (s *search) mayAsk(ctx context.Context, c *candidate) bool {
	if !c.checked {
		c.checked, c.asks = true, s.asks(ctx, c)
	}
	return c.asks
}

// take adds the part of a group and reports whether that is enough. An error
// says why the group stays closed.
func (s *search) take(group int, d keeper.Data) (bool, error) {
	enough, err := s.parts.add(group, d)
	s.groups[group].open = err == nil
	return enough, err
}

// warnOfUnfit warns of keys that work but hold the data key of another file: a
// merge gone wrong, which the working key hides until it is lost.
func (s *search) warnOfUnfit() {
	for _, g := range s.groups {
		for _, c := range g.keys {
			if errors.Is(c.err, errUnfit) {
				s.o.Warn(fmt.Sprintf("%s: %v", hint.Line(c.key.Identity()), c.err))
			}
		}
	}
}

// settle waits for the attempts that are still running.
func (s *search) settle() {
	done := make(chan struct{})
	go func() { s.attempts.Wait(); close(done) }()
	t := time.NewTimer(grace)
	defer t.Stop()
	select {
	case <-done:
	case <-t.C:
	}
}

// silence is the error of waiting in vain.
type silence struct {
	limit time.Duration
	flag  string // that sets it
}

func (s silence) Error() string { return fmt.Sprintf("no answer within %s", s.limit) }

// Hints says how to wait longer.
func (s silence) Hints() []string {
	return []string{fmt.Sprintf("if the answer is slow, wait longer: %s %s", s.flag, 4*s.limit)}
}
