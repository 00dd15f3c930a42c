package gcpkms

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/seed-1f7fdfb8/sops/keeper"
)

// Examine does what Unwrap does, and says how far it comes on the way. The error
// is that of Unwrap.
func (k *Keeper) Examine(ctx context.Context, w keeper.WrappedKey) ([]keeper.Step, error) {
	n, blob, err := parseEntry(w)
	steps := []keeper.Step{keeper.NewStep("wrapped key", err, fmt.Sprintf("%d bytes, for a key in %s", len(blob), n.location))}
	if err != nil {
		return steps, err
	}
	c, err := k.login.credential(ctx)
	if err != nil {
		return append(steps, keeper.NewStep("credentials", err, "")), k.failed(n, decrypting, &session{k: k}, err)
	}
	detail := c.who()
	if c.quota.project != "" {
		detail += ", for project " + c.quota.project + ", from " + c.quota.source
	}
	steps = append(steps, keeper.NewStep("credentials", nil, detail))
	t, err := k.login.token(ctx, c)
	detail = "given"
	if !t.Expires.IsZero() {
		detail = "good until " + t.Expires.UTC().Format(time.RFC3339)
	}
	if steps = append(steps, keeper.NewStep("token", err, detail)); err != nil {
		return steps, k.failed(n, decrypting, &session{k: k, cred: c}, err)
	}
	d, err := k.Unwrap(ctx, w)
	clear(d.Bytes())
	at, _ := endpoint(k.o.Env) // its error is that of Unwrap
	var failed *keeper.UseError
	if errors.As(err, &failed) {
		return append(steps, keeper.NewStep("decrypt", failed.Err, "")), err
	}
	return append(steps, keeper.NewStep("decrypt", err, "at "+at)), err
}
