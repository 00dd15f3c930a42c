package iam

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// A Grant lets a principal use a key, beside its key policy.
type Grant struct {
	ID         string
	Name       string
	Token      string
	Grantee    string // ARN of a user, a role, a session, or an account
	Retiring   string
	Issuer     string // ARN of who made it
	Operations []string
	// Constraints: the context must be this one, or have these pairs. nil is no
	// constraint.
	Equals, Subset map[string]string
	Created        time.Time
}

// GrantOperations lists what a grant of a symmetric key may allow.
func GrantOperations() []string {
	return []string{
		"Decrypt", "Encrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext",
		"ReEncryptFrom", "ReEncryptTo", "CreateGrant", "RetireGrant", "DescribeKey",
	}
}

// OpenLimits and OpenForeign are what AWS's documentation leaves open of grants.
const (
	OpenLimits  = "AWS does not document whether a permissions boundary or a session policy that does not allow this limits a grant; taken as not"
	OpenForeign = "AWS does not document whether a grantee of another account needs an identity policy as well; taken as not, as the flow chart of kms/policy-evaluation has it"
)

// byGrant answers from the grants of the key, if one allows this.
func (q Question) byGrant() (Decision, bool) {
	for _, g := range q.Grants {
		how := g.reach(q.Who)
		if how == noReach || !g.covers(q) {
			continue
		}
		by := Decision{Allowed: true, By: "a grant (" + g.ID + ")", Deciding: []Ref{{Layer: GrantLayer, Label: "(" + g.ID + ")"}}}
		if how == delegated {
			d := q.identityDecision(by)
			if d.Allowed {
				return d, true
			}
			continue
		}
		switch {
		case q.Who.Account != q.Owner:
			by.Open = OpenForeign
		case !q.limits().Allowed:
			by.Open = OpenLimits
		}
		return by, true
	}
	return Decision{}, false
}

// reach says in which way the grant is for the principal.
func (g *Grant) reach(p *Principal) reach {
	if p.Federated != "" {
		return noReach
	}
	return principalName{"AWS", g.Grantee}.reach(p)
}

func (g *Grant) covers(q Question) bool {
	operation := strings.TrimPrefix(q.Action, "kms:")
	if !slices.Contains(g.Operations, operation) {
		return false
	}
	switch operation {
	case "DescribeKey", "RetireGrant", "CreateGrant": // which have no context of their own
		return true
	}
	return g.Allows(q.Context)
}

// Allows reports whether a context meets the constraints. The names of pairs are
// compared with regard to case, as the developer guide says; the API reference
// says the contrary.
func (g *Grant) Allows(context map[string]string) bool {
	if g.Equals != nil && !maps.Equal(g.Equals, context) {
		return false
	}
	for k, v := range g.Subset {
		if have, ok := context[k]; !ok || have != v {
			return false
		}
	}
	return true
}

// Covers reports whether a grant that a grantee of g makes is no wider than g:
// no other operations, and constraints that are at least as strict.
func (g *Grant) Covers(child *Grant) bool {
	for _, o := range child.Operations {
		if !slices.Contains(g.Operations, o) {
			return false
		}
	}
	if g.Equals != nil && !maps.Equal(g.Equals, child.Equals) {
		return false
	}
	for k, v := range g.Subset {
		if child.Equals[k] != v && child.Subset[k] != v {
			return false
		}
	}
	return true
}

// ConstraintType is the value of kms:GrantConstraintType, "" without one.
func (g *Grant) ConstraintType() string {
	switch {
	case g.Equals != nil:
		return "EncryptionContextEquals"
	case g.Subset != nil:
		return "EncryptionContextSubset"
	}
	return ""
}
