package devkms

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

type createKeyInput struct {
	Policy, Description, KeyUsage  *string
	CustomerMasterKeySpec, KeySpec *string
	Origin                         *string
	BypassPolicyLockoutSafetyCheck bool
	Tags                           []tag
	MultiRegion                    bool
	CustomKeyStoreId, XksKeyId     *string
}

// createKey makes symmetric encryption keys, the one kind that SOPS uses.
func (c *call) createKey(in *createKeyInput) (any, *apiError) {
	var v validator
	v.text("policy", in.Policy, false, 1, maxPolicyAPI)
	v.text("description", in.Description, false, 0, 8192)
	v.enum("origin", in.Origin, "AWS_KMS", "EXTERNAL", "AWS_CLOUDHSM", "EXTERNAL_KEY_STORE")
	if problem := v.kms(); problem != nil {
		return nil, problem
	}
	if problem := onlySymmetric(in); problem != nil {
		return nil, problem
	}
	tags, problem := newTags(in.Tags, nil)
	if problem != nil {
		return nil, problem
	}
	k, problem := c.newKey(in.MultiRegion)
	if problem != nil {
		return nil, problem
	}
	k.tags, k.description = tags, deref(in.Description)
	if deref(in.Origin) == "EXTERNAL" {
		k.origin, k.state = "EXTERNAL", "PendingImport"
	}
	if problem := c.mayCreate(k, in.BypassPolicyLockoutSafetyCheck); problem != nil {
		return nil, problem
	}
	if in.Policy != nil {
		if k.policy, problem = c.newPolicy(target{kmsKey: k}, *in.Policy, in.BypassPolicyLockoutSafetyCheck); problem != nil {
			return nil, problem
		}
	}
	st := c.server.store
	st.keys[k.arn], st.rings[k.account+"/"+k.id] = k, k.ring
	c.audit.Key = k.arn
	return map[string]any{"KeyMetadata": k.metadata(st)}, nil
}

func onlySymmetric(in *createKeyInput) *apiError {
	spec := deref(in.KeySpec)
	if spec == "" {
		spec = deref(in.CustomerMasterKeySpec)
	}
	usage, origin := deref(in.KeyUsage), deref(in.Origin)
	if spec != "" && spec != algorithm || usage != "" && usage != "ENCRYPT_DECRYPT" ||
		origin != "" && origin != "AWS_KMS" && origin != "EXTERNAL" || in.CustomKeyStoreId != nil || in.XksKeyId != nil {
		return refuse("UnsupportedOperationException", "devkms makes symmetric encryption keys of KMS's own key store only")
	}
	return nil
}

// newKey makes a key of the caller's account with the default policy. It is
// not in the store yet.
func (c *call) newKey(multi bool) (*kmsKey, *apiError) {
	var b [16]byte
	if _, err := io.ReadFull(c.server.random, b[:]); err != nil {
		return nil, c.internal(err)
	}
	g, err := makeGeneration(c.server.random, c.now, "")
	if err != nil {
		return nil, c.internal(err)
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	id := fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
	k := &kmsKey{account: c.who.account, region: c.region, state: enabled, origin: "AWS_KMS", created: c.now, ring: &ring{[]*generation{g}}}
	if multi {
		id, k.primary = "mrk-"+strings.ReplaceAll(id, "-", ""), c.region
	}
	k.id, k.arn, k.policy = id, keyARN(c.region, k.account, id), defaultPolicy(k.account)
	return k, nil
}

// mayCreate asks for kms:CreateKey, and kms:TagResource if there are tags.
func (c *call) mayCreate(k *kmsKey, bypass bool) *apiError {
	more := tagFacts(k.tags)
	keyFacts(more, c, target{kmsKey: k})
	more.set("kms:BypassPolicyLockoutSafetyCheck", boolText(bypass))
	if problem := c.allowAccount("kms:CreateKey", "*", more); problem != nil {
		return problem
	}
	if len(k.tags) > 0 {
		return c.allowAccount("kms:TagResource", k.arn, more)
	}
	return nil
}

type replicateInput struct {
	KeyId, ReplicaRegion           *string
	Policy, Description            *string
	BypassPolicyLockoutSafetyCheck bool
	Tags                           []tag
}

// replicateKey makes a replica of a multi-Region key in another region. It is
// usable at once; AWS's passes through the state Creating.
func (c *call) replicateKey(in *replicateInput) (any, *apiError) {
	var v validator
	v.text("keyId", in.KeyId, true, 1, 2048)
	v.text("replicaRegion", in.ReplicaRegion, true, 1, 32)
	v.text("policy", in.Policy, false, 1, maxPolicyAPI)
	v.text("description", in.Description, false, 0, 8192)
	if problem := v.kms(); problem != nil {
		return nil, problem
	}
	t, problem := c.findKey(*in.KeyId, "kms:ReplicateKey")
	if problem != nil {
		return nil, problem
	}
	region := *in.ReplicaRegion
	if problem := c.mayReplicate(t, region); problem != nil {
		return nil, problem
	}
	k := &kmsKey{
		account: t.account, region: region, id: t.id, arn: keyARN(region, t.account, t.id), state: enabled, origin: t.origin,
		created: c.now, primary: t.primary, ring: t.ring, description: deref(in.Description), policy: defaultPolicy(t.account),
	}
	if k.tags, problem = newTags(in.Tags, nil); problem != nil {
		return nil, problem
	}
	if in.Policy != nil {
		if k.policy, problem = c.newPolicy(target{kmsKey: k}, *in.Policy, in.BypassPolicyLockoutSafetyCheck); problem != nil {
			return nil, problem
		}
	}
	c.server.store.keys[k.arn] = k
	return map[string]any{"ReplicaKeyMetadata": k.metadata(c.server.store), "ReplicaPolicy": k.policy.JSON(), "ReplicaTags": tagList(k.tags)}, nil
}

func (c *call) mayReplicate(t target, region string) *apiError {
	replica := fact("kms:ReplicaRegion", region)
	replica.set("kms:PrimaryRegion", t.primary)
	if problem := c.allow("kms:ReplicateKey", t, nil, replica); problem != nil {
		return problem
	}
	if problem := c.allowAccount("kms:CreateKey", "*", nil); problem != nil {
		return problem
	}
	if !t.multi() || t.region != t.primary {
		return refuse("UnsupportedOperationException", "%s is not a multi-region primary key.", t.arn)
	}
	if !slices.Contains(c.server.world.Regions, region) {
		return refuse("ValidationException", "The region %s is not one of the world's.", region)
	}
	if c.server.store.keys[keyARN(region, t.account, t.id)] != nil {
		return refuse("AlreadyExistsException", "Key %s already exists in region %s.", t.id, region)
	}
	return t.usable()
}

type primaryInput struct{ KeyId, PrimaryRegion *string }

func (c *call) updatePrimaryRegion(in *primaryInput) (any, *apiError) {
	var v validator
	v.text("keyId", in.KeyId, true, 1, 2048)
	v.text("primaryRegion", in.PrimaryRegion, true, 1, 32)
	if problem := v.kms(); problem != nil {
		return nil, problem
	}
	t, problem := c.findKey(*in.KeyId, "kms:UpdatePrimaryRegion")
	if problem != nil {
		return nil, problem
	}
	if problem := c.allow("kms:UpdatePrimaryRegion", t, nil, fact("kms:PrimaryRegion", *in.PrimaryRegion)); problem != nil {
		return nil, problem
	}
	if !t.multi() || t.region != t.primary {
		return nil, refuse("UnsupportedOperationException", "%s is not a multi-region primary key.", t.arn)
	}
	if problem := t.usable(); problem != nil {
		return nil, problem
	}
	replica := c.server.store.keys[keyARN(*in.PrimaryRegion, t.account, t.id)]
	if replica == nil {
		return nil, refuse("NotFoundException", "Key '%s' does not exist", keyARN(*in.PrimaryRegion, t.account, t.id))
	}
	if problem := replica.usable(); problem != nil {
		return nil, problem
	}
	for _, k := range c.server.store.related(t.kmsKey) {
		k.primary = *in.PrimaryRegion
	}
	return nil, nil
}

type descriptionInput struct{ KeyId, Description *string }

func (c *call) updateKeyDescription(in *descriptionInput) (any, *apiError) {
	var v validator
	v.text("keyId", in.KeyId, true, 1, 2048)
	v.text("description", in.Description, true, 0, 8192)
	t, problem := c.manage(&v, in.KeyId, "kms:UpdateKeyDescription")
	if problem != nil {
		return nil, problem
	}
	if problem := t.not(pendingDeletion, pendingReplica, "Creating"); problem != nil {
		return nil, problem
	}
	t.description = *in.Description
	return nil, nil
}

// manage is how all operations begin that manage one key.
func (c *call) manage(v *validator, name *string, action string) (target, *apiError) {
	if problem := v.kms(); problem != nil {
		return target{}, problem
	}
	t, problem := c.findKey(*name, action)
	if problem != nil {
		return t, problem
	}
	return t, c.allow(action, t, nil, nil)
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// tagFacts are the condition keys about tags that a request brings.
func tagFacts(tags map[string]string) conditions {
	f := conditions{}
	for k, v := range tags {
		f.set("aws:RequestTag/"+k, v)
	}
	f.set("aws:TagKeys", slices.Sorted(maps.Keys(tags))...)
	return f
}
