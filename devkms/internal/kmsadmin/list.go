package kmsadmin

import (
	"maps"
	"slices"
	"strings"

	"github.com/seed-1f7fdfb8/sops/devkms/internal/apierror"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/kms"
)

// listInput is what all listing operations take.
type listInput struct {
	KeyId, Marker, IncludeKeyMaterial *string
	Limit                             *int
}

func (in *listInput) check(v *apierror.Validator) {
	v.Number("limit", in.Limit, 1, 1000)
	v.Text("marker", in.Marker, false, 1, 1024)
}

// paged cuts a sorted list. The marker is the name of the last item that the
// caller has seen.
func paged[T any](in *listInput, all []T, usual int, name func(T) string) ([]T, map[string]any, *apierror.Error) {
	start, size := 0, usual
	if in.Limit != nil {
		size = *in.Limit
	}
	if in.Marker != nil {
		if !strings.HasPrefix(*in.Marker, markerPrefix) {
			return nil, nil, apierror.Refuse("InvalidMarkerException", "Could not deserialize marker.")
		}
		last := strings.TrimPrefix(*in.Marker, markerPrefix)
		if start = slices.IndexFunc(all, func(t T) bool { return name(t) > last }); start < 0 {
			start = len(all)
		}
	}
	end := min(start+size, len(all))
	page := map[string]any{"Truncated": end < len(all)}
	if end < len(all) {
		page["NextMarker"] = markerPrefix + name(all[end-1])
	}
	return append([]T{}, all[start:end]...), page, nil
}

const markerPrefix = "devkms-after:"

func listKeys(c *kms.Call, in *listInput) (any, *apierror.Error) {
	var v apierror.Validator
	in.check(&v)
	if problem := v.KMS(); problem != nil {
		return nil, problem
	}
	if problem := c.AllowAccount("kms:ListKeys", "*", nil); problem != nil {
		return nil, problem
	}
	type entry struct{ KeyId, KeyArn string }
	var all []entry
	for _, arn := range slices.Sorted(maps.Keys(c.Store.Keys)) {
		if k := c.Store.Keys[arn]; k.Account == c.Who.Account && k.Region == c.Region {
			all = append(all, entry{k.ID, k.ARN})
		}
	}
	list, page, problem := paged(in, all, 100, func(e entry) string { return e.KeyId })
	if problem == nil {
		page["Keys"] = list
	}
	return page, problem
}

func listKeyPolicies(c *kms.Call, in *listInput) (any, *apierror.Error) {
	var v apierror.Validator
	v.Text("keyId", in.KeyId, true, 1, 2048)
	in.check(&v)
	if _, problem := manage(c, &v, in.KeyId, "kms:ListKeyPolicies"); problem != nil {
		return nil, problem
	}
	return map[string]any{"PolicyNames": []string{"default"}, "Truncated": false}, nil
}
