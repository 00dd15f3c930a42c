package iam

import "slices"

// An Account is what an organization says of one of its accounts.
type Account struct {
	ID           string
	Organization string // o-..., "" outside of one
	// Policies of the root of the organization, of each unit below, and of the
	// account: every level must allow. The management account has none, since none
	// of them binds it.
	SCPs, RCPs []Level
}

// A Level has the policies that are attached at one place.
type Level = []*Policy

// scps are the service control policies that bind the caller: those of its own
// account, whoever owns the resource.
func (q Question) scps() []Level {
	if q.Who.Home == nil || q.Who.ServiceLinked {
		return nil
	}
	return q.Who.Home.SCPs
}

// rcps are the resource control policies that bind the resource, whoever calls.
// Retiring a grant is free of them, and actions without a resource are.
func (q Question) rcps(res *Policy) []Level {
	if q.Home == nil || res == nil || q.Action == "kms:RetireGrant" || q.Who.ServiceLinked {
		return nil
	}
	return q.Home.RCPs
}

// organization asks the service control policies, which grant nothing but must
// allow at every level. Resource control policies only deny: RCPFullAWSAccess is
// attached everywhere and cannot be taken away.
func (q Question) organization() Decision {
	all := Decision{Allowed: true}
	for _, level := range q.scps() {
		d := allows(q, SCPLayer, level)
		if !d.Allowed {
			return q.refuse(IdentitySide, SCPLayer)
		}
		all.Deciding = append(all.Deciding, d.Deciding...)
	}
	return all
}

// ServiceLinkedPath is how the paths of roles begin that belong to a service.
const ServiceLinkedPath = "/aws-service-role/"

// CheckControl refuses what a service control policy cannot have.
func (p *Policy) CheckControl() *PolicyError { return p.CheckIdentity() }

// CheckResourceControl refuses what a resource control policy cannot have: it
// denies, and it speaks of everyone.
func (p *Policy) CheckResourceControl() *PolicyError {
	for i := range p.statements {
		st := &p.statements[i]
		everyone := slices.Equal(st.principals, []principalName{{"AWS", "*"}}) && !st.notPrincipal
		switch {
		case !everyone:
			return &PolicyError{Path: st.path("Principal"), Reason: "a resource control policy has the Principal *"}
		case len(st.actions) == 0:
			return &PolicyError{Path: st.path("Action"), Reason: "is missing"}
		case len(st.resources) == 0:
			return &PolicyError{Path: st.path("Resource"), Reason: "is missing"}
		}
	}
	return nil
}
