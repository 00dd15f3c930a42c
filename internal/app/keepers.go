package app

import (
	"cmp"
	"context"
	"reflect"

	"github.com/seed-1f7fdfb8/sops/internal/around"
	"github.com/seed-1f7fdfb8/sops/internal/term"
	"github.com/seed-1f7fdfb8/sops/internal/unlock"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// Keepers that were made, and what for. One run asks for them with few different
// options, but for thousands of files.
type madeKeepers struct {
	access Access
	keeper keeper.Keeper
}

// Keepers returns the keepers of this run: those of this machine, and the key
// services. All files of a run over several share them, with their connections,
// sessions and passphrases.
func (a *App) Keepers(ctx context.Context, o Access) keeper.Keeper {
	if a.whole == nil {
		return a.newKeepers(ctx, o)
	}
	all := a.whole.sharedKeepers(ctx, o)
	if a.DryRun {
		all = around.Pretending(all)
	}
	return around.Counted(all, &a.outcome.Calls)
}

func (a *App) sharedKeepers(ctx context.Context, o Access) keeper.Keeper {
	a.making.Lock()
	defer a.making.Unlock()
	for _, m := range a.made {
		if reflect.DeepEqual(m.access, o) {
			return m.keeper
		}
	}
	k := around.Once(a.newKeepers(ctx, o))
	a.made = append(a.made, madeKeepers{o, k})
	return k
}

func (a *App) newKeepers(ctx context.Context, o Access) keeper.Keeper {
	local, err := a.localKeys(o.LocalKeys)
	if err != nil {
		return around.Refusing(err)
	}
	services, err := a.keyServices(o)
	if err != nil {
		return around.Refusing(err)
	}
	var all keeper.Keeper
	switch {
	case !local && len(services) == 0:
		return around.Refusing(errNoKeys())
	case !local:
		all = around.InTurn(nil, services, cmp.Or(o.Hedge, unlock.DefaultHedge))
	case len(services) > 0:
		all = around.InTurn(a.OwnKeepers(ctx, o), services, cmp.Or(o.Hedge, unlock.DefaultHedge))
	default:
		all = a.OwnKeepers(ctx, o)
	}
	if term.IsTerminal(a.Stderr) && !a.JSON {
		all = around.Patient(all, func(msg string) { a.Notef("%s", msg) })
	}
	if a.Verbose {
		all = around.Traced(all, a.Verbosef)
	}
	return all
}
