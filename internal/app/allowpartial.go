package app

import (
	"slices"

	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/internal/unlock"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// --allow-partial: nobody may be able to use all keys of a file. Whoever begins
// goes without those that they cannot use, and the others add them.

// leaveOut takes the entries without an Enc out of groups, and says so.
func (a *App) leaveOut(path string, failed *unlock.WrapError, groups []keeper.Group) {
	total := 0
	for i := range groups {
		total += len(groups[i])
		groups[i] = slices.DeleteFunc(groups[i], func(w keeper.WrappedKey) bool { return w.Enc == "" })
	}
	for _, f := range failed.Keys {
		a.warnf("%s: LEFT OUT: %s: %v", path, f.Identity, f.Err)
	}
	a.warnf("%s: %d of %d keys are left out; once they are in .sops.yaml, whoever can use them adds them with: sops updatekeys %s",
		path, len(failed.Keys), total, hint.Path(path))
}
