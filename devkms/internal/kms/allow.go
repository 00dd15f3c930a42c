package kms

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-1f7fdfb8/sops/devkms/internal/apierror"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/iam"
)

// Allow asks the policies whether the caller may do the action on the key.
// More adds condition keys of the operation.
func (c *Call) Allow(action string, t Target, context map[string]string, more iam.Conditions) *apierror.Error {
	d := iam.Decide(c.Question(action, t, context, more), t.PolicyAt(c.Now), false)
	c.Decision = d.String()
	if d.Allowed {
		return nil
	}
	if t.Account != c.Who.Account && d.Side == iam.ResourceSide {
		return c.crossAccountDenial(action)
	}
	return apierror.Refuse("AccessDeniedException", "User: %s is not authorized to perform: %s on resource: %s %s", c.Who.ARN, action, t.ARN, d.Reason)
}

// Question is what Allow asks.
func (c *Call) Question(action string, t Target, context map[string]string, more iam.Conditions) iam.Question {
	facts := c.Facts()
	KeyFacts(facts, c, t)
	for k, v := range context {
		facts.Set("kms:EncryptionContext:"+k, v)
	}
	facts.Set("kms:EncryptionContextKeys", slices.Sorted(maps.Keys(context))...)
	home := c.Accounts[t.Account]
	if home != nil && home.Organization != "" {
		facts.Set("aws:ResourceOrgID", home.Organization)
	}
	for k, v := range more {
		facts.Set(k, v...)
	}
	return iam.Question{
		Who: c.Who, Action: action, Resource: t.ARN, Owner: t.Account, Facts: facts,
		Home: home, Grants: t.Grants, Context: context,
	}
}

// AllowAccount is allow for actions that no key policy speaks of.
func (c *Call) AllowAccount(action, resource string, more iam.Conditions) *apierror.Error {
	facts := c.Facts()
	for k, v := range more {
		facts.Set(k, v...)
	}
	d := iam.Decide(iam.Question{Who: c.Who, Action: action, Resource: resource, Owner: c.Who.Account, Facts: facts}, nil, false)
	c.Decision = d.String()
	if d.Allowed {
		return nil
	}
	return apierror.Refuse("AccessDeniedException", "User: %s is not authorized to perform: %s on resource: %s %s", c.Who.ARN, action, resource, d.Reason)
}

// Facts are the global condition keys of the call, and those of KMS.
func (c *Call) Facts() iam.Conditions {
	f := c.Request.Facts()
	f.Set("kms:CallerAccount", c.Who.Account)
	if via := c.Who.Origin.ViaService; via != "" {
		f.Set("kms:ViaService", via)
	}
	return f
}

// KeyFacts adds the condition keys that speak of the key.
func KeyFacts(f iam.Conditions, c *Call, t Target) {
	f.Set("kms:KeyOrigin", t.Origin)
	f.Set("kms:KeySpec", "SYMMETRIC_DEFAULT")
	f.Set("kms:KeyUsage", "ENCRYPT_DECRYPT")
	f.Set("kms:MultiRegion", strconv.FormatBool(t.Multi()))
	if t.Multi() {
		f.Set("kms:MultiRegionKeyType", strings.ToUpper(t.MultiType()))
	}
	f.Set("aws:ResourceAccount", t.Account)
	if t.alias != "" {
		f.Set("kms:RequestAlias", t.alias)
	}
	f.Set("kms:ResourceAliases", c.Store.AliasesOf(t.Key)...)
	for k, v := range t.Tags {
		f.Set("aws:ResourceTag/"+k, v)
	}
}
