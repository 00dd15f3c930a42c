package iam

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// A Miss is an Allow that would apply but for one thing.
type Miss struct {
	Ref
	Reason string
}

// Misses lists the statements of a refusal's missing layer that come near, each
// with what it lacks.
func Misses(q Question, res *Policy, trust bool, d Decision) []Miss {
	var out []Miss
	for _, p := range q.policies(d.Missing, res) {
		for i := range p.statements {
			st := &p.statements[i]
			if reason, near := st.lacks(q, d.Missing, trust); near {
				out = append(out, Miss{st.ref(d.Missing, p), reason})
			}
		}
	}
	return out
}

// policies are those of a layer.
func (q Question) policies(l Layer, res *Policy) []*Policy {
	switch l {
	case ResourceLayer:
		return one(res)
	case IdentityLayer:
		return q.Who.Policies
	case BoundaryLayer:
		return one(q.Who.Boundary)
	case SessionLayer:
		return one(q.Who.SessionPolicy)
	case SCPLayer:
		return slices.Concat(q.scps()...)
	}
	return nil
}

// lacks says what keeps an Allow from applying, if that is one thing.
func (st *statement) lacks(q Question, l Layer, trust bool) (reason string, near bool) {
	if !st.allow {
		return "", false
	}
	var all []string
	add := func(ok bool, format string, args ...any) {
		if !ok {
			all = append(all, fmt.Sprintf(format, args...))
		}
	}
	add(!l.ofResource() || st.principalReach(q.Who, false) != noReach, "its Principal is not %s", q.Who.lasting())
	acts := *st
	acts.conditions, acts.resources, acts.notResource = nil, []template{newTemplate("*", false)}, false
	add(acts.applies(q, trust), "its Action has no %s", q.Action)
	add(trust || st.covers(q), "its Resource is not %s%s", q.Resource, st.aliasNote())
	for _, c := range st.conditions {
		add(c.holds(q.Facts), "%s", c.failure(q.Facts))
	}
	if len(all) != 1 {
		return "", false
	}
	return all[0], true
}

// aliasNote explains the commonest mistake in a Resource.
func (st *statement) aliasNote() string {
	if slices.ContainsFunc(st.resources, func(t template) bool { return strings.Contains(t.raw, ":alias/") }) {
		return ", and an alias names no key there"
	}
	return ""
}

// failure says what a condition wants and what the request has.
func (c condition) failure(rq Conditions) string {
	var want []string
	for _, t := range c.values {
		want = append(want, t.raw)
	}
	have := "is absent"
	if v := rq[c.key]; len(v) > 0 {
		have = "is " + strings.Join(v, ", ")
	}
	return fmt.Sprintf("%s %s wants %s, and it %s", c.name, c.spelt, strings.Join(want, " or "), have)
}

// lasting is what a policy should call the principal: sessions come and go.
func (p *Principal) lasting() string {
	if p.Session() {
		return p.RoleARN
	}
	return p.ARN
}

// An Addition is a statement that a layer lacks.
type Addition struct {
	Layer     Layer
	Statement string // JSON
}

// Additions returns what must be added so that a refused question is allowed, and
// whether that suffices: an explicit deny cannot be outdone. The answer is proved
// by asking again with the statements in place.
func Additions(q Question, res *Policy, trust bool) ([]Addition, bool) {
	var all []Addition
	who := *q.Who
	q.Who = &who
	if who.Home != nil {
		home := *who.Home
		home.SCPs = slices.Clone(home.SCPs)
		who.Home = &home
	}
	for range 8 { // layers
		d := Decide(q, res, trust)
		if d.Allowed {
			return all, true
		}
		if d.Missing == "" {
			return all, false
		}
		a := q.addition(d.Missing, trust)
		p, err := ParsePolicy(`{"Version":"2012-10-17","Statement":[` + a.Statement + `]}`)
		if err != nil {
			return all, false
		}
		all = append(all, a)
		res = who.add(q, d.Missing, p, res)
	}
	return all, false
}

// add puts a policy where a layer lacks it, and returns the policy of the resource.
func (p *Principal) add(q Question, l Layer, more, res *Policy) *Policy {
	switch l {
	case ResourceLayer:
		joined := &Policy{}
		if res != nil {
			joined.statements = slices.Clone(res.statements)
		}
		joined.statements = append(joined.statements, more.statements...)
		return joined
	case IdentityLayer:
		p.Policies = append(slices.Clone(p.Policies), more)
	case BoundaryLayer:
		p.Boundary = more
	case SessionLayer:
		p.SessionPolicy = more
	case SCPLayer:
		for i, level := range p.Home.SCPs {
			if !allows(q, SCPLayer, level).Allowed {
				p.Home.SCPs[i] = append(slices.Clone(level), more)
			}
		}
	}
	return res
}

// addition is the least statement that lets the question through at a layer.
func (q Question) addition(l Layer, trust bool) Addition {
	s := struct {
		Effect    string
		Principal map[string]string `json:",omitempty"`
		Action    string
		Resource  string                       `json:",omitempty"`
		Condition map[string]map[string]string `json:",omitempty"`
	}{Effect: "Allow", Action: q.Action, Resource: q.Resource}
	if l == ResourceLayer {
		s.Principal, s.Resource = map[string]string{"AWS": q.Who.lasting()}, "*"
		if q.Who.Federated != "" {
			s.Principal = map[string]string{"Federated": q.Who.Federated}
		}
		if trust {
			s.Resource = ""
		}
	}
	if len(q.Context) > 0 {
		equals := map[string]string{}
		for k, v := range q.Context {
			equals["kms:EncryptionContext:"+k] = v
		}
		s.Condition = map[string]map[string]string{"StringEquals": equals}
	}
	text, err := json.Marshal(s)
	if err != nil {
		panic("iam: a statement of texts: " + err.Error())
	}
	return Addition{l, string(text)}
}
