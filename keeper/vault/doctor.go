package vault

import (
	"context"
	"net/url"

	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// Examine does what Unwrap does, and says what it used on the way. The error is
// that of Unwrap.
func (k *Keeper) Examine(ctx context.Context, w keeper.WrappedKey) ([]keeper.Step, error) {
	c := &call{key: w.MasterKey, verb: decrypt}
	set, err := k.settings()
	if err == nil {
		err = set.admit(c)
	}
	detail := c.shownAddress()
	if set != nil && set.namespace != "" {
		detail += ", namespace " + clean(set.namespace)
	}
	if set != nil && set.address != "" && !sameServer(set.address, c.address()) {
		detail += "; " + set.addressFrom + " is another, " + clean(redacted(set.address))
	}
	steps := []keeper.Step{keeper.NewStep("server", err, detail)}
	if err != nil {
		_, err = k.Unwrap(ctx, w)
		return steps, err
	}
	t, err := k.findToken(ctx, set)
	if err != nil {
		steps = append(steps, keeper.NewStep("token", err, ""))
		_, err = k.Unwrap(ctx, w)
		return steps, err
	}
	steps = append(steps, keeper.NewStep("token", nil, "from "+t.from))
	d, err := k.Unwrap(ctx, w)
	clear(d.Bytes())
	return append(steps, keeper.NewStep("decrypt", err, hint.Line(c.path()))), err
}

func redacted(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Redacted()
}
