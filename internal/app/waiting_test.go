package app

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/age/agekey"
)

// A slow keeper answers once its channel is closed.
type slow struct {
	answer chan struct{}
	asks   bool
}

func (slow) Kind() string { return "" }

func (s slow) Wrap(context.Context, keeper.MasterKey, keeper.Data) (keeper.WrappedKey, error) {
	<-s.answer
	return keeper.WrappedKey{}, nil
}

func (s slow) Unwrap(context.Context, keeper.WrappedKey) (keeper.Data, error) {
	<-s.answer
	return keeper.Data{}, nil
}

func (s slow) Asks(context.Context, keeper.WrappedKey) bool { return s.asks }

func TestAPersonIsToldWhichKeyIsSilent(t *testing.T) {
	t.Parallel()
	w := keeper.WrappedKey{MasterKey: agekey.Kind().Key("recipient", "age1\x1b[2Jx")}
	for what, use := range map[string]func(keeper.Keeper){
		"wrap":   func(k keeper.Keeper) { _, _ = k.Wrap(context.Background(), w.MasterKey, keeper.Data{}) },
		"unwrap": func(k keeper.Keeper) { _, _ = k.Unwrap(context.Background(), w) },
	} {
		for _, asks := range []bool{false, true} {
			var said []string
			s := slow{make(chan struct{}), asks}
			// The time is over at once, and after that the answer comes.
			after := func(d time.Duration, f func()) *time.Timer {
				if d != patience {
					t.Errorf("%s: a notice after %v", what, d)
				}
				f()
				close(s.answer)
				return time.NewTimer(0)
			}
			if asks && what == "unwrap" {
				close(s.answer)
			}
			use(patient{s, after, func(msg string) { said = append(said, msg) }})
			got := strings.Join(said, "|")
			if silent := asks && what == "unwrap"; silent != (got == "") || !silent && !strings.HasPrefix(got, "waiting for age age1") || strings.Contains(got, "\x1b") {
				t.Errorf("%s, a person is asked: %v: %q", what, asks, got)
			}
		}
	}
}
