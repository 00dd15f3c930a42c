// Package unlock turns the wrapped keys of a file into its data key, and a data
// key into wrapped keys.
//
// A file has one or more groups of keys. Any key of a group opens the group's
// part: the data key itself where there is one group, a Shamir share of it
// where there are several, threshold of which are needed.
//
//	recovered, err := unlock.Recover(ctx, keepers, groups, threshold, unlock.Options{})
//
// As many groups are tried at once as are needed, and others where those do not
// open or are silent. Within a group the best key is asked first; a
// definite error leads to the next key at once, and after a short silence the
// next is asked beside the silent one. Who answers first wins, and the others
// are cancelled. A silent key is not given up while time is left. Keys for which a person must do something (type a passphrase,
// touch a token) are kept until everything else has failed, and are then asked
// one at a time and as long as the person takes.
package unlock

import (
	"context"
	"time"

	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/kinds"
)

// What Options mean where they say nothing.
const (
	DefaultHedge   = 300 * time.Millisecond
	DefaultAttempt = 5 * time.Second
	DefaultOverall = 30 * time.Second
)

// Options say how to look for a data key. The zero value serves.
type Options struct {
	// Order lists the kinds of keys to try first; nil means kinds.DefaultOrder. The
	// others follow in file order.
	Order []string
	// Prefer ranks keys of one kind, lower first. Equal ranks keep file order.
	Prefer func(keeper.WrappedKey) int
	// Hedge is the silence after which the next key is tried beside it.
	Hedge time.Duration
	// Attempt limits the wait for one key where a person could be asked for
	// another: waiting is the last resort, after asking. Overall limits the wait
	// for all keys together. Neither limits a person, nor a program that waits
	// for one.
	Attempt, Overall time.Duration
	// Verify reports whether a data key is that of the file. It chooses between
	// candidates only: where none fits, what was found is returned unverified,
	// and the caller's own checks say what is wrong with the file. Nil accepts
	// every key.
	Verify func(keeper.Data) bool
	// Warn takes notes on keys that do not fit the file; it may be nil.
	Warn func(msg string)
}

// Recovered is a data key with the shares that gave it.
type Recovered struct {
	Data keeper.Data
	// Shares holds the shares by group, with zero values for groups that were
	// not opened. It is nil for a single group, and where no set of as many
	// shares as the file's threshold gave a data key that fits.
	Shares []keeper.Data
	// OpenedBy lists the keys that gave the data key or the shares. It is empty
	// where what was found could not be verified.
	OpenedBy []keeper.MasterKey
}

// Recover returns the data key that groups hold, and its shares, which Rewrap
// needs. threshold is the number of groups needed, 0 for all; it means nothing
// for a single group. The error is an *Error unless ctx ended.
func Recover(ctx context.Context, k keeper.Keeper, groups []keeper.Group, threshold int, o Options) (*Recovered, error) {
	s := newSearch(k, groups, threshold, o.withDefaults())
	if s.askMachines(ctx) || s.askPeople(ctx) {
		s.warnOfUnfit()
		r := s.parts.result()
		r.OpenedBy = s.openedBy
		return r, nil
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	r, err := s.parts.unverified()
	if err != nil {
		return nil, s.report(err)
	}
	return r, nil
}

func (o Options) withDefaults() Options {
	if o.Order == nil {
		o.Order = kinds.DefaultOrder()
	}
	if o.Prefer == nil {
		o.Prefer = func(keeper.WrappedKey) int { return 0 }
	}
	if o.Hedge <= 0 {
		o.Hedge = DefaultHedge
	}
	if o.Attempt <= 0 {
		o.Attempt = DefaultAttempt
	}
	if o.Overall <= 0 {
		o.Overall = DefaultOverall
	}
	if o.Warn == nil {
		o.Warn = func(string) {}
	}
	return o
}
