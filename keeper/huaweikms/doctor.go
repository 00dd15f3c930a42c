package huaweikms

import (
	"context"

	"github.com/seed-1f7fdfb8/sops/internal/hint"
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
	steps = append(steps, step("endpoint", err, endpoint))
	if err == nil {
		u.by, err = k.credentials(ctx)
		detail := ""
		if err == nil {
			detail = "access key " + clean(u.by.access) + " from " + u.by.from
		}
		steps = append(steps, step("credentials", err, detail))
	}
	if err == nil {
		u.project, err = k.project(ctx, u)
		steps = append(steps, step("project", err, u.project))
	}
	if err != nil {
		_, err = k.Unwrap(ctx, w) // fails in the same way, and says of which key
		return steps, err
	}
	d, err := k.Unwrap(ctx, w)
	clear(d.Bytes())
	return append(steps, step("decrypt", err, "")), err
}

func step(name string, err error, detail string) keeper.Step {
	if err != nil {
		detail = hint.Line(err.Error())
	}
	return keeper.Step{Name: name, OK: err == nil, Detail: detail}
}
