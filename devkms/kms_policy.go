package devkms

import "errors"

const (
	maxPolicyAPI = 131072    // of the service model
	maxPolicy    = 32 * 1024 // of the quota
)

type policyInput struct {
	KeyId, PolicyName, Policy      *string
	BypassPolicyLockoutSafetyCheck bool
}

func (in *policyInput) check(v *validator) {
	v.text("keyId", in.KeyId, true, 1, 2048)
	v.text("policyName", in.PolicyName, false, 1, 128)
}

func (c *call) getKeyPolicy(in *policyInput) (any, *apiError) {
	var v validator
	in.check(&v)
	t, problem := c.manage(&v, in.KeyId, "kms:GetKeyPolicy")
	if problem != nil {
		return nil, problem
	}
	if problem := in.onlyDefault(); problem != nil {
		return nil, problem
	}
	return map[string]any{"Policy": t.policy.JSON(), "PolicyName": "default"}, nil
}

func (in *policyInput) onlyDefault() *apiError {
	if in.PolicyName != nil && *in.PolicyName != "default" {
		return refuse("NotFoundException", "No such policy exists")
	}
	return nil
}

func (c *call) putKeyPolicy(in *policyInput) (any, *apiError) {
	var v validator
	in.check(&v)
	v.text("policy", in.Policy, true, 1, maxPolicyAPI)
	if problem := v.kms(); problem != nil {
		return nil, problem
	}
	t, problem := c.findKey(*in.KeyId, "kms:PutKeyPolicy")
	if problem != nil {
		return nil, problem
	}
	bypass := in.BypassPolicyLockoutSafetyCheck
	if problem := c.allow("kms:PutKeyPolicy", t, nil, fact("kms:BypassPolicyLockoutSafetyCheck", boolText(bypass))); problem != nil {
		return nil, problem
	}
	if problem := in.onlyDefault(); problem != nil {
		return nil, problem
	}
	p, problem := c.newPolicy(t, *in.Policy, bypass)
	if problem != nil {
		return nil, problem
	}
	t.policy = p
	return nil, nil
}

// newPolicy checks a key policy that a caller wants the key to have: its
// grammar, that its principals exist, and that the caller could change it
// again.
func (c *call) newPolicy(t target, text string, bypass bool) (*Policy, *apiError) {
	if len(text) > maxPolicy {
		return nil, refuse("LimitExceededException", "The key policy is larger than %d bytes.", maxPolicy)
	}
	p, err := ParsePolicy(text)
	if err == nil {
		if pe := p.checkKey(c.server.world); pe != nil {
			err = pe
		}
	}
	if err != nil {
		return nil, malformed(err)
	}
	if bypass {
		return p, nil
	}
	facts := c.facts()
	keyFacts(facts, c, t)
	facts.set("kms:BypassPolicyLockoutSafetyCheck", "false")
	d := decide(question{who: c.who, action: "kms:PutKeyPolicy", resource: t.arn, owner: t.account, facts: facts}, p, false)
	if !d.allowed {
		return nil, refuse("MalformedPolicyDocumentException", "The new key policy will not allow you to update the key policy in the future.")
	}
	return p, nil
}

func malformed(err error) *apiError {
	var pe *PolicyError
	if errors.As(err, &pe) && len(pe.Path) > 0 && pe.Path[len(pe.Path)-1] == "Principal" {
		return refuse("MalformedPolicyDocumentException", "Policy contains a statement with one or more invalid principals. (%v)", err)
	}
	return refuse("MalformedPolicyDocumentException", "Syntax errors in policy. (%v)", err)
}
