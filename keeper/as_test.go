package keeper_test

import (
	"context"
	"testing"

	"github.com/seed-1f7fdfb8/sops/keeper"
)

// a door is a keeper of one kind that asks.
type door struct{ keeper.Keeper }

func (door) Kind() string                                 { return "door" }
func (door) Asks(context.Context, keeper.WrappedKey) bool { return true }

// a porch is around another keeper.
type porch struct{ keeper.Keeper }

func (p porch) Inside() keeper.Keeper { return p.Keeper }

func TestPowersAreFoundThroughOtherKeepers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		k    keeper.Keeper
		kind string
		want bool
	}{
		"the keeper itself": {door{}, "door", true},
		"in a mux":          {keeper.NewMux(door{}), "door", true},
		"of another kind":   {keeper.NewMux(door{}), "window", false},
		"inside of two":     {porch{porch{keeper.NewMux(door{})}}, "door", true},
		"a mux in a mux":    {keeper.Mux{"door": porch{keeper.NewMux(door{})}}, "door", true},
		"nothing inside":    {porch{}, "door", false},
		"no keeper":         {nil, "door", false},
	} {
		_, ok := keeper.As[keeper.Asker](c.k, c.kind)
		asks := keeper.Asks(t.Context(), c.k, keeper.WrappedKey{MasterKey: keeper.Undescribed(c.kind)})
		if ok != c.want || asks != c.want {
			t.Errorf("%s: found %v, asks %v, want %v", name, ok, asks, c.want)
		}
	}
}
