package unlock

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
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
	openedBy []keeper.MasterKey // the keys that gave the parts
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

// askMachines tries the keys that need no person, and reports whether they were
// enough. It opens as many groups at once as are needed. Another one is tried for
// each that does not open, and after a silence beside those that are silent.
func (s *search) askMachines(ctx context.Context) bool {
	ctx, cancel := deadline.With(ctx, s.o.Overall, silence{s.o.Overall, "--timeout"})
	defer s.settle()
	defer cancel()
	offers, ended := make(chan offer), make(chan struct{})
	hedge := time.NewTimer(s.o.Hedge)
	defer hedge.Stop()
	waiting, running := s.inOrder(), 0
	next := func() {
		if len(waiting) == 0 || ctx.Err() != nil {
			return
		}
		i := waiting[0]
		waiting = waiting[1:]
		running++
		go func() { s.race(ctx, i, s.groups[i], offers); ended <- struct{}{} }()
		hedge.Reset(s.o.Hedge)
	}
	for range s.parts.required() {
		next()
	}
	enough := false
	for running > 0 {
		select {
		case f := <-offers:
			if enough {
				f.verdict <- nil
				continue
			}
			var err error
			if enough, err = s.take(f.group, f.part, f.from); enough {
				cancel()
			}
			f.verdict <- err
		case <-hedge.C:
			next()
		case <-ended:
			if running--; running+s.opened() < s.parts.required() || running == 0 {
				next()
			}
		}
	}
	for _, i := range waiting {
		giveUp(context.Cause(ctx), nil, s.groups[i].keys)
	}
	return enough
}

// inOrder returns the groups in the order of trial: a key that is tried before
// others brings its group with it.
func (s *search) inOrder() []int {
	order := make([]int, len(s.groups))
	for i := range order {
		order[i] = i
	}
	best := func(i int) int {
		if len(s.groups[i].keys) == 0 {
			return math.MaxInt
		}
		return s.o.rank(s.groups[i].keys[0].key.Kind)
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(best(a), best(b)) })
	return order
}

// opened returns how many groups have given their part.
func (s *search) opened() int {
	n := 0
	for _, g := range s.groups {
		if g.open {
			n++
		}
	}
	return n
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
			enough, err := s.take(i, d, c)
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

// take adds the part of a group, which a key gave, and reports whether that is enough. An error
// says why the group stays closed.
func (s *search) take(group int, d keeper.Data, from *candidate) (bool, error) {
	enough, err := s.parts.add(group, d)
	s.groups[group].open = err == nil
	if err == nil {
		s.openedBy = append(s.openedBy, from.key.MasterKey)
	}
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
