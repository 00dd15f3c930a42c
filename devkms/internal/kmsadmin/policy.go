package kmsadmin

import (
	"errors"
	"strconv"

	"github.com/seed-1f7fdfb8/sops/devkms/internal/apierror"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/iam"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/kms"
)

const (
	maxPolicyAPI = 131072    // of the service model
	maxPolicy    = 32 * 1024 // of the quota
)

type policyInput struct {
	KeyId, PolicyName, Policy      *string
	BypassPolicyLockoutSafetyCheck bool
}

func (in *policyInput) check(v *apierror.Validator) {
	v.Text("keyId", in.KeyId, true, 1, 2048)
	v.Text("policyName", in.PolicyName, false, 1, 128)
}

func getKeyPolicy(c *kms.Call, in *policyInput) (any, *apierror.Error) {
	var v apierror.Validator
	in.check(&v)
	t, problem := manage(c, &v, in.KeyId, "kms:GetKeyPolicy")
	if problem != nil {
		return nil, problem
	}
	if problem := in.onlyDefault(); problem != nil {
		return nil, problem
	}
	return map[string]any{"Policy": t.Policy.JSON(), "PolicyName": "default"}, nil
}

func (in *policyInput) onlyDefault() *apierror.Error {
	if in.PolicyName != nil && *in.PolicyName != "default" {
		return apierror.Refuse("NotFoundException", "No such policy exists")
	}
	return nil
}

func putKeyPolicy(c *kms.Call, in *policyInput) (any, *apierror.Error) {
	var v apierror.Validator
	in.check(&v)
	v.Text("policy", in.Policy, true, 1, maxPolicyAPI)
	if problem := v.KMS(); problem != nil {
		return nil, problem
	}
	t, problem := c.FindKey(*in.KeyId, "kms:PutKeyPolicy")
	if problem != nil {
		return nil, problem
	}
	bypass := in.BypassPolicyLockoutSafetyCheck
	if problem := c.Allow("kms:PutKeyPolicy", t, nil, iam.Fact("kms:BypassPolicyLockoutSafetyCheck", strconv.FormatBool(bypass))); problem != nil {
		return nil, problem
	}
	if problem := in.onlyDefault(); problem != nil {
		return nil, problem
	}
	p, problem := newPolicy(c, t, *in.Policy, bypass)
	if problem != nil {
		return nil, problem
	}
	t.SetPolicy(p, c.Now.Add(c.Settling))
	return nil, nil
}

// newPolicy checks a key policy that a caller wants the key to have: its
// grammar, that its principals exist, and that the caller could change it
// again.
func newPolicy(c *kms.Call, t kms.Target, text string, bypass bool) (*iam.Policy, *apierror.Error) {
	if len(text) > maxPolicy {
		return nil, apierror.Refuse("LimitExceededException", "The key policy is larger than %d bytes.", maxPolicy)
	}
	p, err := iam.ParsePolicy(text)
	if err == nil {
		if pe := p.CheckKey(c.Directory); pe != nil {
			err = pe
		}
	}
	if err != nil {
		return nil, malformed(err)
	}
	if bypass {
		return p, nil
	}
	facts := c.Facts()
	kms.KeyFacts(facts, c, t)
	facts.Set("kms:BypassPolicyLockoutSafetyCheck", "false")
	d := iam.Decide(iam.Question{Who: c.Who, Action: "kms:PutKeyPolicy", Resource: t.ARN, Owner: t.Account, Facts: facts}, p, false)
	if !d.Allowed {
		return nil, apierror.Refuse("MalformedPolicyDocumentException", "The new key policy will not allow you to update the key policy in the future.")
	}
	return p, nil
}

func malformed(err error) *apierror.Error {
	var pe *iam.PolicyError
	if errors.As(err, &pe) && len(pe.Path) > 0 && pe.Path[len(pe.Path)-1] == "Principal" {
		return apierror.Refuse("MalformedPolicyDocumentException", "Policy contains a statement with one or more invalid principals. (%v)", err)
	}
	return apierror.Refuse("MalformedPolicyDocumentException", "Syntax errors in policy. (%v)", err)
}
