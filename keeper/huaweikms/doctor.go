package huaweikms

import (
	"context"

	"github.com/seed-1f7fdfb8/sops/keeper"
)

// Examine does what Unwrap does, and says what it used on the way. The error is
// that of Unwrap.
func (k *Keeper) Examine(ctx context.Context, w keeper.WrappedKey) ([]keeper.Step, error) {
	var steps []keeper.Step
	u := &use{key: w.MasterKey, operation: decryptData}
	err := u.parse()
	var endpoint string
	if err == nil {
		endpoint, err = k.endpoint(u.region)
	}
	steps = append(steps, keeper.NewStep("endpoint", err, endpoint))
	if err == nil {
		u.by, err = k.credentials(ctx)
		detail := ""
		if err == nil {
			detail = "access key " + clean(u.by.access) + " from " + u.by.from
		}
		steps = append(steps, keeper.NewStep("credentials", err, detail))
	}
	if err == nil {
		u.project, err = k.project(ctx, u)
		steps = append(steps, keeper.NewStep("project", err, u.project))
	}
	if err != nil {
		_, err = k.Unwrap(ctx, w) // fails in the same way, and says of which key
		return steps, err
	}
	d, err := k.Unwrap(ctx, w)
	clear(d.Bytes())
	return append(steps, keeper.NewStep("decrypt", err, "")), err
}
