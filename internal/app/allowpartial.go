package app

import (
	"github.com/seed-1f7fdfb8/sops/internal/around"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// LeaveOut takes the keys that could not be wrapped out of groups, and says so.
// Not every key of a file can be used everywhere: what creates it goes without
// the others, and updatekeys adds them where they can be used.
func (a *App) LeaveOut(path string, k *around.Lenient, groups []keeper.Group) {
	notes := k.LeaveOut(groups)
	last := len(notes) - 1
	for _, note := range notes[:last] {
		a.Warnf("%s: %s", path, note)
	}
	a.Warnf("%s: %s; once they are in .sops.yaml, whoever can use them adds them with: sops updatekeys %s", path, notes[last], hint.Path(path))
}
