package kmsadmin

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-1f7fdfb8/sops/devkms/internal/apierror"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/awsname"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/iam"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/keystore"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/kms"
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
func createKey(c *kms.Call, in *createKeyInput) (any, *apierror.Error) {
	var v apierror.Validator
	v.Text("policy", in.Policy, false, 1, maxPolicyAPI)
	v.Text("description", in.Description, false, 0, 8192)
	v.Enum("origin", in.Origin, "AWS_KMS", "EXTERNAL", "AWS_CLOUDHSM", "EXTERNAL_KEY_STORE")
	if problem := v.KMS(); problem != nil {
		return nil, problem
	}
	if problem := onlySymmetric(in); problem != nil {
		return nil, problem
	}
	tags, problem := newTags(in.Tags, nil)
	if problem != nil {
		return nil, problem
	}
	k, problem := newKey(c, in.MultiRegion)
	if problem != nil {
		return nil, problem
	}
	k.Tags, k.Description = tags, deref(in.Description)
	if deref(in.Origin) == "EXTERNAL" {
		k.Origin, k.State = "EXTERNAL", keystore.PendingImport
	}
	if problem := mayCreate(c, k, in.BypassPolicyLockoutSafetyCheck); problem != nil {
		return nil, problem
	}
	if in.Policy != nil {
		if k.Policy, problem = newPolicy(c, kms.Target{Key: k}, *in.Policy, in.BypassPolicyLockoutSafetyCheck); problem != nil {
			return nil, problem
		}
	}
	st := c.Store
	st.Add(k)
	c.Key = k.ARN
	return map[string]any{"KeyMetadata": kms.Metadata(k, st)}, nil
}

func onlySymmetric(in *createKeyInput) *apierror.Error {
	spec := deref(in.KeySpec)
	if spec == "" {
		spec = deref(in.CustomerMasterKeySpec)
	}
	usage, origin := deref(in.KeyUsage), deref(in.Origin)
	if spec != "" && spec != kms.Algorithm || usage != "" && usage != "ENCRYPT_DECRYPT" ||
		origin != "" && origin != "AWS_KMS" && origin != "EXTERNAL" || in.CustomKeyStoreId != nil || in.XksKeyId != nil {
		return apierror.Refuse("UnsupportedOperationException", "devkms makes symmetric encryption keys of KMS's own key store only")
	}
	return nil
}

// newKey makes a key of the caller's account with the default policy. It is
// not in the store yet.
func newKey(c *kms.Call, multi bool) (*keystore.Key, *apierror.Error) {
	var b [16]byte
	if _, err := io.ReadFull(c.Random, b[:]); err != nil {
		return nil, kms.Internal(err)
	}
	g, err := keystore.NewGeneration(c.Random, c.Now, "")
	if err != nil {
		return nil, kms.Internal(err)
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	id := fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
	k := &keystore.Key{Account: c.Who.Account, Region: c.Region, State: keystore.Enabled, Origin: "AWS_KMS", Created: c.Now, Ring: keystore.NewRing(g)}
	if multi {
		id, k.Primary = "mrk-"+strings.ReplaceAll(id, "-", ""), c.Region
	}
	k.ID, k.ARN, k.Policy = id, awsname.KeyARN(c.Region, k.Account, id), iam.DefaultKeyPolicy(k.Account)
	return k, nil
}

// mayCreate asks for kms:CreateKey, and kms:TagResource if there are tags.
func mayCreate(c *kms.Call, k *keystore.Key, bypass bool) *apierror.Error {
	more := tagFacts(k.Tags)
	kms.KeyFacts(more, c, kms.Target{Key: k})
	more.Set("kms:BypassPolicyLockoutSafetyCheck", strconv.FormatBool(bypass))
	if problem := c.AllowAccount("kms:CreateKey", "*", more); problem != nil {
		return problem
	}
	if len(k.Tags) > 0 {
		return c.AllowAccount("kms:TagResource", k.ARN, more)
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
func replicateKey(c *kms.Call, in *replicateInput) (any, *apierror.Error) {
	var v apierror.Validator
	v.Text("keyId", in.KeyId, true, 1, 2048)
	v.Text("replicaRegion", in.ReplicaRegion, true, 1, 32)
	v.Text("policy", in.Policy, false, 1, maxPolicyAPI)
	v.Text("description", in.Description, false, 0, 8192)
	if problem := v.KMS(); problem != nil {
		return nil, problem
	}
	t, problem := c.FindKey(*in.KeyId, "kms:ReplicateKey")
	if problem != nil {
		return nil, problem
	}
	region := *in.ReplicaRegion
	if problem := mayReplicate(c, t, region); problem != nil {
		return nil, problem
	}
	k := &keystore.Key{
		Account: t.Account, Region: region, ID: t.ID, ARN: awsname.KeyARN(region, t.Account, t.ID), State: keystore.Enabled, Origin: t.Origin,
		Created: c.Now, Primary: t.Primary, Ring: t.Ring, Description: deref(in.Description), Policy: iam.DefaultKeyPolicy(t.Account),
	}
	if k.Tags, problem = newTags(in.Tags, nil); problem != nil {
		return nil, problem
	}
	if in.Policy != nil {
		if k.Policy, problem = newPolicy(c, kms.Target{Key: k}, *in.Policy, in.BypassPolicyLockoutSafetyCheck); problem != nil {
			return nil, problem
		}
	}
	c.Store.Keys[k.ARN] = k
	return map[string]any{"ReplicaKeyMetadata": kms.Metadata(k, c.Store), "ReplicaPolicy": k.Policy.JSON(), "ReplicaTags": tagList(k.Tags)}, nil
}

func mayReplicate(c *kms.Call, t kms.Target, region string) *apierror.Error {
	replica := iam.Fact("kms:ReplicaRegion", region)
	replica.Set("kms:PrimaryRegion", t.Primary)
	if problem := c.Allow("kms:ReplicateKey", t, nil, replica); problem != nil {
		return problem
	}
	if problem := c.AllowAccount("kms:CreateKey", "*", nil); problem != nil {
		return problem
	}
	if !t.Multi() || t.Region != t.Primary {
		return apierror.Refuse("UnsupportedOperationException", "%s is not a multi-region primary key.", t.ARN)
	}
	if !slices.Contains(c.Regions, region) {
		return apierror.Refuse("ValidationException", "The region %s is not one of the world's.", region)
	}
	if c.Store.Keys[awsname.KeyARN(region, t.Account, t.ID)] != nil {
		return apierror.Refuse("AlreadyExistsException", "Key %s already exists in region %s.", t.ID, region)
	}
	return t.Usable()
}

type primaryInput struct{ KeyId, PrimaryRegion *string }

func updatePrimaryRegion(c *kms.Call, in *primaryInput) (any, *apierror.Error) {
	var v apierror.Validator
	v.Text("keyId", in.KeyId, true, 1, 2048)
	v.Text("primaryRegion", in.PrimaryRegion, true, 1, 32)
	if problem := v.KMS(); problem != nil {
		return nil, problem
	}
	t, problem := c.FindKey(*in.KeyId, "kms:UpdatePrimaryRegion")
	if problem != nil {
		return nil, problem
	}
	if problem := c.Allow("kms:UpdatePrimaryRegion", t, nil, iam.Fact("kms:PrimaryRegion", *in.PrimaryRegion)); problem != nil {
		return nil, problem
	}
	if !t.Multi() || t.Region != t.Primary {
		return nil, apierror.Refuse("UnsupportedOperationException", "%s is not a multi-region primary key.", t.ARN)
	}
	if problem := t.Usable(); problem != nil {
		return nil, problem
	}
	replica := c.Store.Keys[awsname.KeyARN(*in.PrimaryRegion, t.Account, t.ID)]
	if replica == nil {
		return nil, apierror.Refuse("NotFoundException", "Key '%s' does not exist", awsname.KeyARN(*in.PrimaryRegion, t.Account, t.ID))
	}
	if problem := (kms.Target{Key: replica}).Usable(); problem != nil {
		return nil, problem
	}
	for _, k := range c.Store.Related(t.Key) {
		k.Primary = *in.PrimaryRegion
	}
	return nil, nil
}

type descriptionInput struct{ KeyId, Description *string }

func updateKeyDescription(c *kms.Call, in *descriptionInput) (any, *apierror.Error) {
	var v apierror.Validator
	v.Text("keyId", in.KeyId, true, 1, 2048)
	v.Text("description", in.Description, true, 0, 8192)
	t, problem := manage(c, &v, in.KeyId, "kms:UpdateKeyDescription")
	if problem != nil {
		return nil, problem
	}
	if problem := t.Not(keystore.PendingDeletion, keystore.PendingReplica, keystore.Creating); problem != nil {
		return nil, problem
	}
	t.Description = *in.Description
	return nil, nil
}

// manage is how all operations begin that manage one key.
func manage(c *kms.Call, v *apierror.Validator, name *string, action string) (kms.Target, *apierror.Error) {
	if problem := v.KMS(); problem != nil {
		return kms.Target{}, problem
	}
	t, problem := c.FindKey(*name, action)
	if problem != nil {
		return t, problem
	}
	return t, c.Allow(action, t, nil, nil)
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// tagFacts are the condition keys about tags that a request brings.
func tagFacts(tags map[string]string) iam.Conditions {
	f := iam.Conditions{}
	for k, v := range tags {
		f.Set("aws:RequestTag/"+k, v)
	}
	f.Set("aws:TagKeys", slices.Sorted(maps.Keys(tags))...)
	return f
}
