package rekey

import (
	"context"
	"errors"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// reEncrypt fills the gaps of groups by kms:ReEncrypt from the keys of old.
func reEncrypt(ctx context.Context, keepers keeper.Keeper, old, groups []keeper.Group) error {
	aws, ok := keeper.As[keeper.ReEncrypter](keepers, keeper.KMS)
	switch {
	case !ok:
		return app.Fail(app.Other, "leave --reencrypt out", "this run does not reach AWS KMS itself, so that --reencrypt is not possible")
	case len(old) != 1 || len(groups) != 1:
		return app.Fail(app.Conflict, "leave --reencrypt out",
			"--reencrypt moves a whole data key, and a file with several key groups holds shares of it")
	}
	for i, w := range groups[0] {
		if w.Enc != "" {
			continue
		}
		moved, err := moveTo(ctx, aws, old[0], w.MasterKey)
		if err != nil {
			return err
		}
		groups[0][i] = moved
	}
	return nil
}

// moveTo tries each key of the file that KMS can move from to m: ReEncrypt stays
// inside one region.
func moveTo(ctx context.Context, aws keeper.ReEncrypter, from keeper.Group, m keeper.MasterKey) (keeper.WrappedKey, error) {
	if m.Kind != keeper.KMS {
		return keeper.WrappedKey{}, app.Fail(app.Conflict, "leave --reencrypt out", "--reencrypt is for AWS KMS keys; %s is none", m.Identity())
	}
	var errs []error
	for _, w := range from {
		if w.Kind != keeper.KMS || regionOf(w.MasterKey) != regionOf(m) {
			continue
		}
		moved, err := aws.ReEncrypt(ctx, w, m)
		if err == nil {
			return moved, nil
		}
		errs = append(errs, err)
	}
	if len(errs) == 0 {
		return keeper.WrappedKey{}, app.Fail(app.Other, "leave --reencrypt out",
			"no AWS KMS key in %s has the data key of this file, and kms:ReEncrypt stays inside one region", regionOf(m))
	}
	return keeper.WrappedKey{}, errors.Join(errs...)
}

// regionOf returns the fourth part of the ARN.
func regionOf(m keeper.MasterKey) string {
	const at = 3
	if parts := strings.Split(m.Text("arn"), ":"); len(parts) > at {
		return parts[at]
	}
	return ""
}
