package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/internal/keyplan"
	"github.com/seed-1f7fdfb8/sops/internal/meta"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// create makes a new file whose keys have all been wrapped.
func (a *App) create(ctx context.Context, s *source, plain []byte, plan envelope.Plan, access Access) (*envelope.Decrypted, error) {
	return a.createWith(ctx, s, plain, plan, a.keepers(ctx, access))
}

// createSome makes the new file that o asks for, as far as its keys go.
func (a *App) createSome(ctx context.Context, s *source, plan envelope.Plan, o EncryptOptions) (*envelope.Decrypted, error) {
	if !o.AllowPartial {
		return a.create(ctx, s, s.data, plan, o.Access)
	}
	k := &lenient{Keeper: a.keepers(ctx, o.Access)}
	decrypted, err := a.createWith(ctx, s, s.data, plan, k)
	if err != nil || len(k.failed.Keys) == 0 {
		return decrypted, err
	}
	groups := decrypted.Meta.Keys()
	if err := keyplan.AnyOfEach(groups); err != nil {
		return nil, fmt.Errorf("Could not generate data key: %w", errors.Join(err, &k.failed))
	}
	a.leaveOut(cmp.Or(s.FilenameOverride, s.Path), &k.failed, groups)
	for i, g := range decrypted.Meta.Groups {
		decrypted.Meta.Groups[i] = slices.DeleteFunc(g, func(e meta.Entry) bool { return e.Enc == "" })
	}
	return decrypted, nil
}

// createWith makes a new file of plain, which is in the input format of s.
func (a *App) createWith(ctx context.Context, s *source, plain []byte, plan envelope.Plan, keepers keeper.Keeper) (*envelope.Decrypted, error) {
	if s.out.Name() != s.in.Name() {
		converted, err := convert(plain, s.in, s.out)
		if err != nil {
			return nil, s.name(err)
		}
		plain = converted
	}
	decrypted, err := envelope.New(ctx, plain, s.out, plan, keepers)
	if err == nil {
		return decrypted, nil
	}
	if isContent(err) {
		return nil, s.name(contentError(err))
	}
	return nil, fmt.Errorf("Could not generate data key: %w", err)
}
