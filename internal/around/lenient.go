package around

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/seed-1f7fdfb8/sops/internal/hint"
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

// LeaveOut takes the keys that could not be wrapped out of groups, and returns
// what there is to say about that. Not every key of a file can be used
// everywhere: what creates it goes without the others, and updatekeys adds them
// where they can be used.
func (l *Lenient) LeaveOut(path string, groups []keeper.Group) []string {
	total := 0
	for i := range groups {
		total += len(groups[i])
		groups[i] = slices.DeleteFunc(groups[i], func(w keeper.WrappedKey) bool { return w.Enc == "" })
	}
	var notes []string
	for _, f := range l.Failed.Keys {
		notes = append(notes, fmt.Sprintf("%s: LEFT OUT: %s: %v", path, f.Identity, f.Err))
	}
	return append(notes, fmt.Sprintf("%s: %d of %d keys are left out; once they are in .sops.yaml, whoever can use them adds them with: sops updatekeys %s",
		path, len(l.Failed.Keys), total, hint.Path(path)))
}
