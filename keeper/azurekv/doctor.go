package azurekv

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/seed-1f7fdfb8/sops/keeper"
)

// Examine does what Unwrap does, and says how far it comes on the way. The error
// is that of Unwrap.
func (k *Keeper) Examine(ctx context.Context, w keeper.WrappedKey) ([]keeper.Step, error) {
	r, blob, err := k.entry(w)
	detail := fmt.Sprintf("%d bytes, for version %s", len(blob), r.version)
	if r.version == "" {
		detail = fmt.Sprintf("%d bytes, for a version that is not said", len(blob))
	}
	steps := []keeper.Step{keeper.NewStep("wrapped key", err, detail)}
	if err != nil {
		return steps, err
	}
	s := &session{k: k, r: r, v: decrypting, login: k.logins.of(r)}
	out, err := s.run(ctx, blob)
	clear(out.value)
	if err != nil {
		err = s.failed(err)
	}
	if s.found != nil {
		detail := s.who()
		if len(s.found.skipped) > 0 {
			detail += " (before that: " + strings.Join(s.found.skipped, "; ") + ")"
		}
		steps = append(steps, keeper.NewStep("credentials", nil, detail))
	}
	var failed *keeper.UseError
	if s.found == nil && errors.As(err, &failed) {
		return append(steps, keeper.NewStep("credentials", failed.Err, "")), err
	}
	if errors.As(err, &failed) {
		return append(steps, keeper.NewStep("decrypt", failed.Err, "")), err
	}
	return append(steps, keeper.NewStep("decrypt", err, "at https://"+r.host)), err
}
