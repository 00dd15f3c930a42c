package iam

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seed-1f7fdfb8/sops/devkms/internal/awsname"
)

// A Question is what the policy engine decides: may this principal do this
// action on this resource, under these conditions?
type Question struct {
	Who      *Principal
	Action   string // kms:Decrypt
	Resource string // an ARN, or * for actions that have none
	Owner    string // the account of the resource
	Facts    Conditions
}

// A Decision is the answer. Reason is AWS's wording of a refusal; by names
// the statement that decided, for the audit log.
type Decision struct {
	Allowed bool
	Reason  string
	By      string
	Side    Side // of a refusal: which kind of policy refused
}

type Side int

const (
	noSide Side = iota
	IdentitySide
	ResourceSide
)

// A grant says in which way a resource policy allows a principal.
type grant int

const (
	noGrant       grant = iota
	delegated           // the account is named: its identity policies decide
	toPrincipal         // the user or role is named
	toSessionOnly       // the very session is named
)

// Decide evaluates the policies of both sides. res is nil for actions without
// a resource policy, such as kms:ListKeys. A resource policy is of the kind
// that leaves its resource out (a trust policy) or names it (a key policy).
func Decide(q Question, res *Policy, trust bool) Decision {
	if d, denied := explicitDeny(q, res, trust); denied {
		return d
	}
	if res == nil {
		return q.identityDecision("")
	}
	how, by := granted(q, res, trust)
	if how == noGrant {
		return q.refuse(ResourceSide, "because no resource-based policy allows the %s action")
	}
	if q.Who.Account != q.Owner || how == delegated {
		return q.identityDecision(by)
	}
	if how == toPrincipal && q.Who.Session() {
		// A role's session stays within its session policies and the role's
		// boundary also where a resource policy names the role.
		if d := q.limits(); !d.Allowed {
			return d
		}
	}
	return Decision{Allowed: true, By: by}
}

func (q Question) refuse(s Side, format string) Decision {
	return Decision{Reason: fmt.Sprintf(format, q.Action), Side: s}
}

// identityDecision asks the identity policies, boundary and session policies.
func (q Question) identityDecision(by string) Decision {
	if q.Who.Kind == RootUser || q.Who.Federated != "" {
		return Decision{Allowed: true, By: by}
	}
	own, st := allows(q, q.Who.Policies)
	if !own {
		return q.refuse(IdentitySide, "because no identity-based policy allows the %s action")
	}
	if d := q.limits(); !d.Allowed {
		return d
	}
	return Decision{Allowed: true, By: strings.TrimPrefix(by+" and "+st, " and ")}
}

func (q Question) limits() Decision {
	if b := q.Who.Boundary; b != nil {
		if ok, _ := allows(q, []*Policy{b}); !ok {
			return q.refuse(IdentitySide, "because no permissions boundary allows the %s action")
		}
	}
	if p := q.Who.SessionPolicy; p != nil {
		if ok, _ := allows(q, []*Policy{p}); !ok {
			return q.refuse(IdentitySide, "because no session policy allows the %s action")
		}
	}
	return Decision{Allowed: true}
}

// explicitDeny looks for a Deny in every policy there is; one is enough.
func explicitDeny(q Question, res *Policy, trust bool) (Decision, bool) {
	if res != nil {
		for i := range res.statements {
			st := &res.statements[i]
			if !st.allow && st.principalGrant(q.Who, true) != noGrant && st.applies(q, trust) {
				return denial(ResourceSide, "a resource-based policy", st), true
			}
		}
	}
	kinds := []struct {
		name     string
		policies []*Policy
	}{
		{"an identity-based policy", q.Who.Policies},
		{"a permissions boundary", one(q.Who.Boundary)},
		{"a session policy", one(q.Who.SessionPolicy)},
	}
	for _, k := range kinds {
		for _, p := range k.policies {
			for i := range p.statements {
				if st := &p.statements[i]; !st.allow && st.applies(q, false) {
					return denial(IdentitySide, k.name, st), true
				}
			}
		}
	}
	return Decision{}, false
}

func denial(s Side, policy string, st *statement) Decision {
	return Decision{Reason: "with an explicit deny in " + policy, By: policy + " " + st.label(), Side: s}
}

func one(p *Policy) []*Policy {
	if p == nil {
		return nil
	}
	return []*Policy{p}
}

// allows reports whether an Allow statement of the policies applies.
func allows(q Question, policies []*Policy) (bool, string) {
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
func granted(q Question, res *Policy, trust bool) (best grant, by string) {
	for i := range res.statements {
		st := &res.statements[i]
		if !st.allow {
			continue
		}
		if g := st.principalGrant(q.Who, false); g > best && st.applies(q, trust) {
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
func (st *statement) applies(q Question, trust bool) bool {
	action := strings.ToLower(q.Action)
	if len(st.actions) == 0 || slices.ContainsFunc(st.actions, func(p pattern) bool { return p.match(action) }) == st.notAction {
		return false
	}
	if !trust && !st.covers(q) {
		return false
	}
	return !slices.ContainsFunc(st.conditions, func(c condition) bool { return !c.holds(q.Facts) })
}

// covers checks the resource. Patterns of ARNs match part by part: a wildcard
// never reaches across a colon of the first five.
func (st *statement) covers(q Question) bool {
	if len(st.resources) == 0 {
		return false
	}
	hit := slices.ContainsFunc(st.resources, func(t template) bool {
		p, ok := t.expand(q.Facts)
		return ok && (p.text == "*" || matchARN(q.Resource, p))
	})
	return hit != st.notResource
}

// principalGrant matches the Principal or NotPrincipal element. With
// NotPrincipal a Deny spares only those whose every name (session, role and
// account) is listed, as AWS's documentation demands, and an Allow reaches
// only those of which no name is listed.
func (st *statement) principalGrant(p *Principal, deny bool) grant {
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
func (n principalName) is(name string, p *Principal) bool {
	if n.kind == "Federated" || n.kind == "Service" {
		return p.Federated == n.name && n.name == name
	}
	return n.kind == "AWS" && (n.name == "*" || n.name == name || awsname.IsAccount(n.name) && awsname.RootARN(n.name) == name)
}

func (n principalName) grant(p *Principal) grant {
	switch {
	case n.kind == "Federated" || n.kind == "Service":
		if p.Federated != "" && n.name == p.Federated {
			return toPrincipal
		}
	case n.kind != "AWS":
	case n.name == "*":
		return toPrincipal
	case p.Federated != "":
		return noGrant
	case n.name == p.Account || n.name == awsname.RootARN(p.Account):
		if p.Kind == RootUser {
			return toPrincipal
		}
		return delegated
	case p.Session() && n.name == p.ARN:
		return toSessionOnly
	case n.name == p.ARN || n.name == p.RoleARN:
		return toPrincipal
	}
	return noGrant
}

// String says for the audit log what decided.
func (d Decision) String() string {
	if d.Allowed {
		return "allowed by " + d.By
	}
	if d.By != "" {
		return "denied by " + d.By
	}
	return "denied " + d.Reason
}
