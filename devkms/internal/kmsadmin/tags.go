package kmsadmin

import (
	"maps"
	"slices"
	"strings"

	"github.com/seed-1f7fdfb8/sops/devkms/internal/apierror"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/keystore"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/kms"
)

type tag struct{ TagKey, TagValue string }

// newTags adds tags to old ones and checks KMS's limits.
func newTags(list []tag, old map[string]string) (map[string]string, *apierror.Error) {
	out := map[string]string{}
	for k, v := range old {
		out[k] = v
	}
	seen := map[string]bool{}
	for _, t := range list {
		switch {
		case t.TagKey == "" || len([]rune(t.TagKey)) > 128:
			return nil, apierror.Refuse("TagException", "A tag key has 1 to 128 characters.")
		case len([]rune(t.TagValue)) > 256:
			return nil, apierror.Refuse("TagException", "A tag value has at most 256 characters.")
		case strings.HasPrefix(strings.ToLower(t.TagKey), "aws:"):
			return nil, apierror.Refuse("TagException", "Tags beginning with aws: are reserved")
		case seen[t.TagKey]:
			return nil, apierror.Refuse("TagException", "Duplicate tag keys")
		}
		seen[t.TagKey] = true
		out[t.TagKey] = t.TagValue
	}
	if len(out) > 50 {
		return nil, apierror.Refuse("LimitExceededException", "Number of tags exceeds 50")
	}
	return out, nil
}

func tagList(tags map[string]string) []tag {
	out := []tag{}
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, tag{k, tags[k]})
	}
	return out
}

type tagInput struct {
	KeyId   *string
	Tags    []tag
	TagKeys []string
}

func tagResource(c *kms.Call, in *tagInput) (any, *apierror.Error) {
	t, problem := tagged(c, in, "kms:TagResource")
	if problem != nil {
		return nil, problem
	}
	tags, problem := newTags(in.Tags, t.Tags)
	if problem != nil {
		return nil, problem
	}
	t.Tags = tags
	return nil, nil
}

func untagResource(c *kms.Call, in *tagInput) (any, *apierror.Error) {
	t, problem := tagged(c, in, "kms:UntagResource")
	if problem != nil {
		return nil, problem
	}
	tags, problem := newTags(nil, t.Tags)
	if problem != nil {
		return nil, problem
	}
	for _, k := range in.TagKeys {
		delete(tags, k)
	}
	t.Tags = tags
	return nil, nil
}

// tagged finds the key and asks for permission, also by the tags.
func tagged(c *kms.Call, in *tagInput, action string) (kms.Target, *apierror.Error) {
	var v apierror.Validator
	v.Text("keyId", in.KeyId, true, 1, 2048)
	v.Required("tags", in.Tags != nil || in.TagKeys != nil)
	if problem := v.KMS(); problem != nil {
		return kms.Target{}, problem
	}
	t, problem := c.FindKey(*in.KeyId, action)
	if problem != nil {
		return t, problem
	}
	asked := map[string]string{}
	for _, x := range in.Tags {
		asked[x.TagKey] = x.TagValue
	}
	facts := tagFacts(asked)
	facts.Set("aws:TagKeys", in.TagKeys...)
	if problem := c.Allow(action, t, nil, facts); problem != nil {
		return t, problem
	}
	return t, t.Not(keystore.PendingDeletion, keystore.PendingReplica, keystore.Creating)
}

func listResourceTags(c *kms.Call, in *listInput) (any, *apierror.Error) {
	var v apierror.Validator
	v.Text("keyId", in.KeyId, true, 1, 2048)
	in.check(&v)
	t, problem := manage(c, &v, in.KeyId, "kms:ListResourceTags")
	if problem != nil {
		return nil, problem
	}
	list, page, problem := paged(in, tagList(t.Tags), 50, func(t tag) string { return t.TagKey })
	if problem == nil {
		page["Tags"] = list
	}
	return page, problem
}
