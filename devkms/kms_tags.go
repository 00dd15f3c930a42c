package devkms

import "strings"

type tag struct{ TagKey, TagValue string }

// newTags adds tags to old ones and checks KMS's limits.
func newTags(list []tag, old map[string]string) (map[string]string, *apiError) {
	out := map[string]string{}
	for k, v := range old {
		out[k] = v
	}
	seen := map[string]bool{}
	for _, t := range list {
		switch {
		case t.TagKey == "" || len([]rune(t.TagKey)) > 128:
			return nil, refuse("TagException", "A tag key has 1 to 128 characters.")
		case len([]rune(t.TagValue)) > 256:
			return nil, refuse("TagException", "A tag value has at most 256 characters.")
		case strings.HasPrefix(strings.ToLower(t.TagKey), "aws:"):
			return nil, refuse("TagException", "Tags beginning with aws: are reserved")
		case seen[t.TagKey]:
			return nil, refuse("TagException", "Duplicate tag keys")
		}
		seen[t.TagKey] = true
		out[t.TagKey] = t.TagValue
	}
	if len(out) > 50 {
		return nil, refuse("LimitExceededException", "Number of tags exceeds 50")
	}
	return out, nil
}

func tagList(tags map[string]string) []tag {
	out := []tag{}
	for _, k := range keysOf(tags) {
		out = append(out, tag{k, tags[k]})
	}
	return out
}

type tagInput struct {
	KeyId   *string
	Tags    []tag
	TagKeys []string
}

func (c *call) tagResource(in *tagInput) (any, *apiError) {
	t, problem := c.tagged(in, "kms:TagResource")
	if problem != nil {
		return nil, problem
	}
	tags, problem := newTags(in.Tags, t.tags)
	if problem != nil {
		return nil, problem
	}
	t.tags = tags
	return nil, nil
}

func (c *call) untagResource(in *tagInput) (any, *apiError) {
	t, problem := c.tagged(in, "kms:UntagResource")
	if problem != nil {
		return nil, problem
	}
	tags, problem := newTags(nil, t.tags)
	if problem != nil {
		return nil, problem
	}
	for _, k := range in.TagKeys {
		delete(tags, k)
	}
	t.tags = tags
	return nil, nil
}

// tagged finds the key and asks for permission, also by the tags.
func (c *call) tagged(in *tagInput, action string) (target, *apiError) {
	var v validator
	v.text("keyId", in.KeyId, true, 1, 2048)
	v.required("tags", in.Tags != nil || in.TagKeys != nil)
	if problem := v.kms(); problem != nil {
		return target{}, problem
	}
	t, problem := c.findKey(*in.KeyId, action)
	if problem != nil {
		return t, problem
	}
	asked := map[string]string{}
	for _, x := range in.Tags {
		asked[x.TagKey] = x.TagValue
	}
	facts := tagFacts(asked)
	facts.set("aws:TagKeys", in.TagKeys...)
	if problem := c.allow(action, t, nil, facts); problem != nil {
		return t, problem
	}
	return t, t.not(pendingDeletion, pendingReplica, "Creating")
}

func (c *call) listResourceTags(in *listInput) (any, *apiError) {
	var v validator
	v.text("keyId", in.KeyId, true, 1, 2048)
	in.check(&v)
	t, problem := c.manage(&v, in.KeyId, "kms:ListResourceTags")
	if problem != nil {
		return nil, problem
	}
	list, page, problem := paged(in, tagList(t.tags), 50, func(t tag) string { return t.TagKey })
	if problem == nil {
		page["Tags"] = list
	}
	return page, problem
}
