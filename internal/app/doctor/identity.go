package doctor

import (
	"context"
	"fmt"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// showIdentity shows which identity this machine calls key services as, and why.
func showIdentity(ctx context.Context, a *app.App, o Options) error {
	k, ok := keeper.As[keeper.Identifier](a.OwnKeepers(ctx, o.Access), keeper.KMS)
	if !ok {
		return app.Fail(app.Other, "", "there is no identity of this machine to show")
	}
	p := k.Identify(ctx)
	if a.JSON {
		if err := hint.EncodeJSON(a.Stdout, map[string]any{p.Service: p.Details}, ""); err != nil {
			return err
		}
	} else {
		for _, line := range p.Lines {
			if _, err := fmt.Fprintln(a.Stdout, line); err != nil {
				return err
			}
		}
	}
	if !p.OK {
		return &app.Error{Kind: app.Other, Err: errNoIdentity{}, Advice: p.Hints}
	}
	return nil
}

type errNoIdentity struct{}

func (errNoIdentity) Error() string { return "this machine has no identity that works" }
