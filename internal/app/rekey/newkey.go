package rekey

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/around"
	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/internal/unlock"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/kinds"
)

// giveNewKey gives a file a new data key. A key that cannot wrap it is an error,
// unless o lets such keys be left out.
func giveNewKey(ctx context.Context, a *app.App, decrypted *envelope.Decrypted, groups [][]keeper.MasterKey, keepers keeper.Keeper, o RotateOptions) error {
	const failed = "Could not generate data key: %w"
	before := slices.Concat(decrypted.Meta.MasterKeys()...)
	lenient := &around.Lenient{Keeper: keepers}
	if o.AllowPartial {
		keepers = lenient
	}
	err := decrypted.Rotate(ctx, keepers, groups, decrypted.Meta.Threshold, a.Random)
	var unusable *unlock.WrapError
	if errors.As(err, &unusable) {
		return fmt.Errorf(failed, &rotationError{error: err, before: before, groups: groups, unusable: unusable})
	}
	if err == nil {
		err = a.LeaveOut(lenient, decrypted, cmp.Or(o.FilenameOverride, o.Path))
	}
	if err != nil {
		return fmt.Errorf(failed, err)
	}
	return nil
}

// A rotationError is a rotation that keys of the file are in the way of.
type rotationError struct {
	error
	before   []keeper.MasterKey // those of the file
	groups   [][]keeper.MasterKey
	unusable *unlock.WrapError
}

// Unwrap returns what became of the keys.
func (e *rotationError) Unwrap() error { return e.error }

// Hints says how to rotate without those keys, if every group has others.
func (e *rotationError) Hints() []string {
	fails := func(m keeper.MasterKey) bool {
		return slices.ContainsFunc(e.unusable.Keys, func(r unlock.KeyReport) bool { return r.Identity == m.Identity() })
	}
	for _, g := range e.groups {
		if !slices.ContainsFunc(g, func(m keeper.MasterKey) bool { return !fails(m) }) {
			return nil
		}
	}
	var flags []string
	for _, m := range e.before {
		if k := kinds.ByName(m.Kind); k != nil && fails(m) {
			flags = append(flags, "--rm-"+k.Flag+" "+hint.ShellWord(m.Identity()))
		}
	}
	out := []string{"or leave out what cannot be used now, and add it later with updatekeys: sops rotate -i --allow-partial FILE"}
	if len(flags) == 0 {
		return out
	}
	return append([]string{"take what cannot be used out of the file: sops rotate -i " + strings.Join(flags, " ") + " FILE"}, out...)
}
