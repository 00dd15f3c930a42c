package content

import (
	"cmp"
	"context"
	"fmt"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/around"
	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// create makes a new file whose keys have all been wrapped.
func create(ctx context.Context, a *app.App, s *app.Source, plain []byte, plan envelope.Plan, access app.Access) (*envelope.Decrypted, error) {
	return createWith(ctx, a, s, plain, plan, a.Keepers(ctx, access))
}

// createSome makes the new file that o asks for, as far as its keys go.
func createSome(ctx context.Context, a *app.App, s *app.Source, plan envelope.Plan, o EncryptOptions) (*envelope.Decrypted, error) {
	if !o.AllowPartial {
		return create(ctx, a, s, s.Data, plan, o.Access)
	}
	k := &around.Lenient{Keeper: a.Keepers(ctx, o.Access)}
	decrypted, err := createWith(ctx, a, s, s.Data, plan, k)
	if err != nil {
		return nil, err
	}
	if err := a.LeaveOut(k, decrypted, cmp.Or(s.FilenameOverride, s.Path)); err != nil {
		return nil, s.Named(noDataKey(err))
	}
	return decrypted, nil
}

// createWith makes a new file of plain, which is in the input format of s.
func createWith(ctx context.Context, a *app.App, s *app.Source, plain []byte, plan envelope.Plan, keepers keeper.Keeper) (*envelope.Decrypted, error) {
	if err := a.Audit.Open(ctx); err != nil {
		return nil, err
	}
	if s.Out.Name() != s.In.Name() {
		converted, err := convert(plain, s.In, s.Out)
		if err != nil {
			return nil, s.Named(err)
		}
		plain = converted
	}
	decrypted, err := envelope.New(ctx, plain, s.Out, plan, keepers)
	if err == nil {
		return s.Reindented(decrypted)
	}
	if isContent(err) {
		return nil, s.Named(contentError(err))
	}
	return nil, s.Named(noDataKey(err))
}

// noDataKey says what failed in words that wrappers of SOPS look for.
func noDataKey(err error) error { return fmt.Errorf("Could not generate data key: %w", err) }
