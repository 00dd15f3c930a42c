package around

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/seed-1f7fdfb8/sops/internal/unlock"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// A Lenient keeper gives an entry without an Enc for a key that cannot wrap,
// and remembers why.
type Lenient struct {
	keeper.Keeper

	mu     sync.Mutex
	Failed unlock.WrapError   // why keys could not wrap
	Left   []keeper.MasterKey // those keys
}

// Wrap never fails unless ctx ended.
func (l *Lenient) Wrap(ctx context.Context, m keeper.MasterKey, d keeper.Data) (keeper.WrappedKey, error) {
	w, err := l.Keeper.Wrap(ctx, m, d)
	if err == nil || errors.Is(ctx.Err(), context.Canceled) {
		return w, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.Failed.Keys = append(l.Failed.Keys, unlock.KeyReport{Identity: m.Identity(), Err: err})
	l.Left = append(l.Left, m)
	return keeper.WrappedKey{MasterKey: m}, nil
}

// Inside returns the keeper that may fail.
func (l *Lenient) Inside() keeper.Keeper { return l.Keeper }

// LeaveOut takes the entries without an Enc out of groups and returns what there
// is to say about that.
func (l *Lenient) LeaveOut(groups []keeper.Group) []string {
	total := 0
	for i := range groups {
		total += len(groups[i])
		groups[i] = slices.DeleteFunc(groups[i], func(w keeper.WrappedKey) bool { return w.Enc == "" })
	}
	var notes []string
	for _, f := range l.Failed.Keys {
		notes = append(notes, fmt.Sprintf("LEFT OUT: %s: %v", f.Identity, f.Err))
	}
	return append(notes, fmt.Sprintf("%d of %d keys are left out", len(l.Failed.Keys), total))
}
