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
	Home     *Account          // of the resource, nil where nothing is known of it
	Grants   []*Grant          // of the key
	Context  map[string]string // the encryption context, for the constraints of grants
}

// A Decision is the answer. Reason is AWS's wording of a refusal; by names
// the statement that decided, for the audit log.
type Decision struct {
	Allowed  bool
	Reason   string
	By       string
	Side     Side   // of a refusal: which kind of policy refused
	Deciding []Ref  // the statements that decided
	Missing  Layer  // of a refusal because nothing allows: the kind of policy that does not
	Open     string // what AWS does not document here
}

// A Ref is a statement of a policy, or a grant.
type Ref struct {
	Layer     Layer
	Policy    *Policy // nil for a grant
	Statement int
	Line      int
	Label     string // (statement 2, "Use"), or the id of a grant
}

// A Layer is a kind of policy, in the words of AWS.
type Layer string

// The layers of a decision.
const (
	ResourceLayer Layer = "resource-based policy"
	GrantLayer    Layer = "grant"
	IdentityLayer Layer = "identity-based policy"
	BoundaryLayer Layer = "permissions boundary"
	SessionLayer  Layer = "session policy"
	SCPLayer      Layer = "service control policy"
	RCPLayer      Layer = "resource control policy"
)

// article is the layer in a sentence.
func (l Layer) article() string {
	if l == IdentityLayer {
		return "an " + string(l)
	}
	return "a " + string(l)
}

type Side int

const (
	noSide Side = iota
	IdentitySide
	ResourceSide
)

// A reach says in which way a resource policy allows a principal.
type reach int

const (
	noReach       reach = iota
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
	organization := q.organization()
	if !organization.Allowed {
		return organization
	}
	d := decide(q, res, trust)
	if d.Allowed {
		d.Deciding = append(d.Deciding, organization.Deciding...)
	}
	return d
}

func decide(q Question, res *Policy, trust bool) Decision {
	if res == nil {
		return q.identityDecision(Decision{})
	}
	how, by := granted(q, res, trust)
	if how <= delegated {
		if d, ok := q.byGrant(); ok {
			return d
		}
	}
	if how == noReach {
		return q.refuse(ResourceSide, ResourceLayer)
	}
	if q.Who.Account != q.Owner || how == delegated {
		return q.identityDecision(by)
	}
	if how == toPrincipal && q.Who.Session() {
		// A role's session stays within its session policies and the role's
		// boundary also where a resource policy names the role.
		d := q.limits()
		if !d.Allowed {
			return d
		}
		by.Deciding = append(by.Deciding, d.Deciding...)
	}
	return by
}

func (q Question) refuse(s Side, missing Layer) Decision {
	return Decision{Reason: fmt.Sprintf("because no %s allows the %s action", missing, q.Action), Side: s, Missing: missing}
}

// identityDecision asks the identity policies, boundary and session policies.
func (q Question) identityDecision(by Decision) Decision {
	if q.Who.Kind == RootUser || q.Who.Federated != "" {
		by.Allowed = true
		return by
	}
	own := allows(q, IdentityLayer, q.Who.Policies)
	if !own.Allowed {
		return q.refuse(IdentitySide, IdentityLayer)
	}
	d := q.limits()
	if !d.Allowed {
		return d
	}
	own.By = strings.TrimPrefix(by.By+" and "+own.By, " and ")
	own.Deciding = slices.Concat(by.Deciding, own.Deciding, d.Deciding)
	return own
}

// limits asks what grants nothing, but must allow: boundary and session policy.
func (q Question) limits() Decision {
	all := Decision{Allowed: true}
	for _, l := range []struct {
		layer  Layer
		policy *Policy
	}{{BoundaryLayer, q.Who.Boundary}, {SessionLayer, q.Who.SessionPolicy}} {
		if l.policy == nil {
			continue
		}
		d := allows(q, l.layer, []*Policy{l.policy})
		if !d.Allowed {
			return q.refuse(IdentitySide, l.layer)
		}
		all.Deciding = append(all.Deciding, d.Deciding...)
	}
	return all
}

// explicitDeny looks for a Deny in every policy there is; one is enough.
func explicitDeny(q Question, res *Policy, trust bool) (Decision, bool) {
	if res != nil {
		if d, denied := denies(q, ResourceLayer, []*Policy{res}, trust); denied {
			return d, true
		}
	}
	for _, k := range []struct {
		layer    Layer
		policies []*Policy
	}{
		{IdentityLayer, q.Who.Policies},
		{BoundaryLayer, one(q.Who.Boundary)},
		{SessionLayer, one(q.Who.SessionPolicy)},
		{SCPLayer, slices.Concat(q.scps()...)},
		{RCPLayer, slices.Concat(q.rcps(res)...)},
	} {
		if d, denied := denies(q, k.layer, k.policies, false); denied {
			return d, true
		}
	}
	return Decision{}, false
}

// denies looks for a Deny that applies.
func denies(q Question, l Layer, policies []*Policy, trust bool) (Decision, bool) {
	side := IdentitySide
	if l.ofResource() {
		side = ResourceSide
	}
	for _, p := range policies {
		for i := range p.statements {
			st := &p.statements[i]
			if st.allow || l.ofResource() && st.principalReach(q.Who, true) == noReach || !st.applies(q, trust) {
				continue
			}
			return Decision{
				Reason: "with an explicit deny in " + l.article(), By: l.article() + " " + st.label(), Side: side,
				Deciding: []Ref{st.ref(l, p)},
			}, true
		}
	}
	return Decision{}, false
}

// ofResource reports whether statements of the layer have a Principal.
func (l Layer) ofResource() bool { return l == ResourceLayer || l == RCPLayer }

func (st *statement) ref(l Layer, p *Policy) Ref { return Ref{l, p, st.index, st.line, st.label()} }

func one(p *Policy) []*Policy {
	if p == nil {
		return nil
	}
	return []*Policy{p}
}

// allows reports whether an Allow statement of the policies applies.
func allows(q Question, l Layer, policies []*Policy) Decision {
	for _, p := range policies {
		for i := range p.statements {
			st := &p.statements[i]
			if st.allow && st.applies(q, false) && (!l.ofResource() || st.principalReach(q.Who, false) != noReach) {
				return Decision{Allowed: true, By: l.article() + " " + st.label(), Deciding: []Ref{st.ref(l, p)}}
			}
		}
	}
	return Decision{}
}

// granted returns the strongest way in which the resource policy allows.
func granted(q Question, res *Policy, trust bool) (best reach, by Decision) {
	for i := range res.statements {
		st := &res.statements[i]
		if !st.allow {
			continue
		}
		if g := st.principalReach(q.Who, false); g > best && st.applies(q, trust) {
			best = g
			by = Decision{Allowed: true, By: ResourceLayer.article() + " " + st.label(), Deciding: []Ref{st.ref(ResourceLayer, res)}}
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
// principalReach. A statement without Action or (but for trust policies)
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

// principalReach matches the Principal or NotPrincipal element. With
// NotPrincipal a Deny spares only those whose every name (session, role and
// account) is listed, as AWS's documentation demands, and an Allow reaches
// only those of which no name is listed.
func (st *statement) principalReach(p *Principal, deny bool) reach {
	if !st.notPrincipal {
		best := noReach
		for _, n := range st.principals {
			best = max(best, n.reach(p))
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
	return noReach
}

// is reports whether the entry names the principal by this very ARN.
func (n principalName) is(name string, p *Principal) bool {
	if n.kind == "Federated" {
		return p.Federated == n.name && n.name == name
	}
	return n.kind == "AWS" && (n.name == "*" || n.name == name || awsname.IsAccount(n.name) && awsname.RootARN(n.name) == name)
}

func (n principalName) reach(p *Principal) reach {
	switch {
	case n.kind == "Federated":
		if p.Federated != "" && n.name == p.Federated {
			return toPrincipal
		}
	case n.kind != "AWS":
	case n.name == "*":
		return toPrincipal
	case p.Federated != "":
		return noReach
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
	return noReach
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
