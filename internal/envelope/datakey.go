package envelope

import (
	"context"
	"maps"

	"github.com/seed-1f7fdfb8/sops/internal/contexts"
	"github.com/seed-1f7fdfb8/sops/internal/unlock"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// recover unwraps the data key. Where that fails, it tries the contexts under
// which the file may have been wrapped although it does not say so.
func (s *Encrypted) recover(ctx context.Context, k keeper.Keeper, o DecryptOptions) (r *unlock.Recovered, err error) {
	defer func() {
		if err == nil && o.Note != nil {
			o.Note("Data key recovered successfully")
		}
		if err == nil && o.Recovered != nil {
			err = o.Recovered(r)
		}
	}()
	k = orNone(k)
	if o.Unlock.Verify == nil {
		o.Unlock.Verify = s.decryptsMAC
	}
	groups, err := o.bind(s.Meta.Keys())
	if err != nil {
		return nil, err
	}
	if r, err = unlock.Recover(ctx, k, groups, s.Meta.Threshold, o.Unlock); err == nil {
		return r, nil
	}
	for _, t := range contexts.Retries(groups, s.Meta.Version, o.SpareContext) {
		if r, retry := unlock.Recover(ctx, k, t.Groups, s.Meta.Threshold, o.Unlock); retry == nil {
			if t.Note != "" {
				o.warn("%s", t.Note)
			}
			return r, nil
		}
	}
	return nil, err
}

// bind gives the context of o to every AWS key that has none. One that has the
// same is fine as well.
func (o DecryptOptions) bind(groups []keeper.Group) ([]keeper.Group, error) {
	if len(o.Context) == 0 {
		return groups, nil
	}
	bound, used := contexts.Bind(groups, o.Context)
	for _, g := range groups {
		for _, w := range g {
			used = used || w.TakesContext() && maps.Equal(w.Context(), o.Context)
		}
	}
	if !used {
		f := failf(ErrContext, "the encryption context has no effect: no AWS key of the file takes it")
		f.Advice = []string{"leave it out: what the file stores is used without being asked for"}
		return nil, f
	}
	return bound, nil
}

// KeysUnder returns the wrapped keys of the file, those of AWS without an
// encryption context under the given one. It must have an effect, unless it is
// empty.
func (s *Encrypted) KeysUnder(context map[string]string) ([]keeper.Group, error) {
	return DecryptOptions{Context: context}.bind(s.Meta.Keys())
}
