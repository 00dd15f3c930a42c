package app

import (
	"errors"
	"slices"

	"github.com/seed-1f7fdfb8/sops/internal/around"
	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/internal/keyplan"
	"github.com/seed-1f7fdfb8/sops/internal/meta"
)

// LeaveOut takes the keys that k could not wrap for out of a file with a new data
// key, with a warning for each. A group that would have no key left is an error.
func (a *App) LeaveOut(k *around.Lenient, decrypted *envelope.Decrypted, path string) error {
	if len(k.Failed.Keys) == 0 {
		return nil
	}
	groups := decrypted.Meta.Keys()
	if err := keyplan.AnyOfEach(groups); err != nil {
		return errors.Join(err, &k.Failed)
	}
	for _, note := range k.LeaveOut(path, groups) {
		a.Warn(note)
	}
	for i, g := range decrypted.Meta.Groups {
		decrypted.Meta.Groups[i] = slices.DeleteFunc(g, func(e meta.Entry) bool { return e.Enc == "" })
	}
	return nil
}
