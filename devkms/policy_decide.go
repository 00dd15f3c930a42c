package devkms

import (
	"fmt"
	"slices"
	"strings"
)

// A question is what the policy engine decides: may this principal do this
// action on this resource, under these conditions?
type question struct {
	who      *principal
	action   string // kms:Decrypt
	resource string // an ARN, or * for actions that have none
	owner    string // the account of the resource
	facts    conditions
}

// A decision is the answer. Reason is AWS's wording of a refusal; by names
// the statement that decided, for the audit log.
type decision struct {
	allowed bool
	reason  string
	by      string
	side    side // of a refusal: which kind of policy refused
}

type side int

const (
	nobody side = iota
	identitySide
	resourceSide
)

// A grant says in which way a resource policy allows a principal.
type grant int

const (
	noGrant       grant = iota
	delegated           // the account is named: its identity policies decide
	toPrincipal         // the user or role is named
	toSessionOnly       // the very session is named
)

// decide evaluates the policies of both sides. res is nil for actions without
// a resource policy, such as kms:ListKeys. A resource policy is of the kind
// that leaves its resource out (a trust policy) or names it (a key policy).
func decide(q question, res *Policy, trust bool) decision {
	if d, denied := explicitDeny(q, res, trust); denied {
		return d
	}
	if res == nil {
		return q.identityDecision("")
	}
	how, by := granted(q, res, trust)
	if how == noGrant {
		return q.refuse(resourceSide, "because no resource-based policy allows the %s action")
	}
	if q.who.account != q.owner || how == delegated {
		return q.identityDecision(by)
	}
	if how == toPrincipal && q.who.session() {
		// A role's session stays within its session policies and the role's
		// boundary also where a resource policy names the role.
		if d := q.limits(); !d.allowed {
			return d
		}
	}
	return decision{allowed: true, by: by}
}

func (q question) refuse(s side, format string) decision {
	return decision{reason: fmt.Sprintf(format, q.action), side: s}
}

// identityDecision asks the identity policies, boundary and session policies.
func (q question) identityDecision(by string) decision {
	if q.who.kind == rootUser || q.who.federated != "" {
		return decision{allowed: true, by: by}
	}
	own, st := allows(q, q.who.policies)
	if !own {
		return q.refuse(identitySide, "because no identity-based policy allows the %s action")
	}
	if d := q.limits(); !d.allowed {
		return d
	}
	return decision{allowed: true, by: strings.TrimPrefix(by+" and "+st, " and ")}
}

func (q question) limits() decision {
	if b := q.who.boundary; b != nil {
		if ok, _ := allows(q, []*Policy{b}); !ok {
			return q.refuse(identitySide, "because no permissions boundary allows the %s action")
		}
	}
	if p := q.who.sessionPolicy; p != nil {
		if ok, _ := allows(q, []*Policy{p}); !ok {
			return q.refuse(identitySide, "because no session policy allows the %s action")
		}
	}
	return decision{allowed: true}
}

// explicitDeny looks for a Deny in every policy there is; one is enough.
func explicitDeny(q question, res *Policy, trust bool) (decision, bool) {
	if res != nil {
		for i := range res.statements {
			st := &res.statements[i]
			if !st.allow && st.principalGrant(q.who, true) != noGrant && st.applies(q, trust) {
				return denial(resourceSide, "a resource-based policy", st), true
			}
		}
	}
	kinds := []struct {
		name     string
		policies []*Policy
	}{
		{"an identity-based policy", q.who.policies},
		{"a permissions boundary", one(q.who.boundary)},
		{"a session policy", one(q.who.sessionPolicy)},
	}
	for _, k := range kinds {
		for _, p := range k.policies {
			for i := range p.statements {
				if st := &p.statements[i]; !st.allow && st.applies(q, false) {
					return denial(identitySide, k.name, st), true
				}
			}
		}
	}
	return decision{}, false
}

func denial(s side, policy string, st *statement) decision {
	return decision{reason: "with an explicit deny in " + policy, by: policy + " " + st.label(), side: s}
}

func one(p *Policy) []*Policy {
	if p == nil {
		return nil
	}
	return []*Policy{p}
}

// allows reports whether an Allow statement of the policies applies.
func allows(q question, policies []*Policy) (bool, string) {
	for _, p := range policies {
		for i := range p.statements {
			if st := &p.statements[i]; st.allow && st.applies(q, false) {
				return true, "an identity-based policy " + st.label()
			}
		}
	}
	return false, ""
}

// granted returns the strongest way in which the resource policy allows.
func granted(q question, res *Policy, trust bool) (best grant, by string) {
	for i := range res.statements {
		st := &res.statements[i]
		if !st.allow {
			continue
		}
		if g := st.principalGrant(q.who, false); g > best && st.applies(q, trust) {
			best, by = g, "a resource-based policy "+st.label()
		}
	}
	return best, by
}

func (st *statement) label() string {
	if st.sid != "" {
		return fmt.Sprintf("(statement %d, %q)", st.index+1, st.sid)
	}
	return fmt.Sprintf("(statement %d)", st.index+1)
}

// applies checks action, resource and conditions; the principal is checked by
// principalGrant. A statement without Action or (but for trust policies)
// without Resource has no effect.
func (st *statement) applies(q question, trust bool) bool {
	action := strings.ToLower(q.action)
	if len(st.actions) == 0 || slices.ContainsFunc(st.actions, func(p pattern) bool { return p.match(action) }) == st.notAction {
		return false
	}
	if !trust && !st.covers(q) {
		return false
	}
	return !slices.ContainsFunc(st.conditions, func(c condition) bool { return !c.holds(q.facts) })
}

// covers checks the resource. Patterns of ARNs match part by part: a wildcard
// never reaches across a colon of the first five.
func (st *statement) covers(q question) bool {
	if len(st.resources) == 0 {
		return false
	}
	hit := slices.ContainsFunc(st.resources, func(t template) bool {
		p, ok := t.expand(q.facts)
		return ok && (p.text == "*" || matchARN(q.resource, p))
	})
	return hit != st.notResource
}

// principalGrant matches the Principal or NotPrincipal element. With
// NotPrincipal a Deny spares only those whose every name (session, role and
// account) is listed, as AWS's documentation demands, and an Allow reaches
// only those of whom no name is listed.
func (st *statement) principalGrant(p *principal, deny bool) grant {
	if !st.notPrincipal {
		best := noGrant
		for _, n := range st.principals {
			best = max(best, n.grant(p))
		}
		return best
	}
	listed := 0
	names := p.names()
	for _, name := range names {
		if slices.ContainsFunc(st.principals, func(n principalName) bool { return n.is(name, p) }) {
			listed++
		}
	}
	if deny && listed < len(names) || !deny && listed == 0 {
		return toPrincipal
	}
	return noGrant
}

// is reports whether the entry names the principal by this very ARN.
func (n principalName) is(name string, p *principal) bool {
	if n.kind == "Federated" {
		return p.federated == n.name && n.name == name
	}
	return n.kind == "AWS" && (n.name == "*" || n.name == name || isAccountID(n.name) && rootARN(n.name) == name)
}

func (n principalName) grant(p *principal) grant {
	switch {
	case n.kind == "Federated":
		if p.federated != "" && n.name == p.federated {
			return toPrincipal
		}
	case n.kind != "AWS":
	case n.name == "*":
		return toPrincipal
	case p.federated != "":
		return noGrant
	case n.name == p.account || n.name == rootARN(p.account):
		if p.kind == rootUser {
			return toPrincipal
		}
		return delegated
	case p.session() && n.name == p.arn:
		return toSessionOnly
	case n.name == p.arn || n.name == p.roleARN:
		return toPrincipal
	}
	return noGrant
}
