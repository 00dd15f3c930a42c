package devkms

import (
	"slices"
	"strings"
)

// listInput is what all listing operations take.
type listInput struct {
	KeyId, Marker, IncludeKeyMaterial *string
	Limit                             *int
}

func (in *listInput) check(v *validator) {
	v.number("limit", in.Limit, 1, 1000)
	v.text("marker", in.Marker, false, 1, 1024)
}

// paged cuts a sorted list. The marker is the name of the last item that the
// caller has seen.
func paged[T any](in *listInput, all []T, usual int, name func(T) string) ([]T, map[string]any, *apiError) {
	start, size := 0, usual
	if in.Limit != nil {
		size = *in.Limit
	}
	if in.Marker != nil {
		if !strings.HasPrefix(*in.Marker, markerPrefix) {
			return nil, nil, refuse("InvalidMarkerException", "Could not deserialize marker.")
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

func (c *call) listKeys(in *listInput) (any, *apiError) {
	var v validator
	in.check(&v)
	if problem := v.kms(); problem != nil {
		return nil, problem
	}
	if problem := c.allowAccount("kms:ListKeys", "*", nil); problem != nil {
		return nil, problem
	}
	type entry struct{ KeyId, KeyArn string }
	var all []entry
	for _, arn := range keysOf(c.server.store.keys) {
		if k := c.server.store.keys[arn]; k.account == c.who.account && k.region == c.region {
			all = append(all, entry{k.id, k.arn})
		}
	}
	list, page, problem := paged(in, all, 100, func(e entry) string { return e.KeyId })
	if problem == nil {
		page["Keys"] = list
	}
	return page, problem
}

func (c *call) listKeyPolicies(in *listInput) (any, *apiError) {
	var v validator
	v.text("keyId", in.KeyId, true, 1, 2048)
	in.check(&v)
	if _, problem := c.manage(&v, in.KeyId, "kms:ListKeyPolicies"); problem != nil {
		return nil, problem
	}
	return map[string]any{"PolicyNames": []string{"default"}, "Truncated": false}, nil
}
