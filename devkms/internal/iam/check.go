package iam

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/suggest"
)

func (st *statement) path(element string) []string {
	return []string{"Statement", strconv.Itoa(st.index), element}
}

// CheckIdentity refuses what an identity, boundary or session policy cannot
// have.
func (p *Policy) CheckIdentity() *PolicyError {
	for i := range p.statements {
		st := &p.statements[i]
		switch {
		case len(st.principals) > 0:
			return &PolicyError{Path: st.path("Principal"), Reason: "an identity-based policy has no Principal: it speaks of what it is attached to"}
		case len(st.actions) == 0:
			return &PolicyError{Path: st.path("Action"), Reason: "is missing"}
		case len(st.resources) == 0:
			return &PolicyError{Path: st.path("Resource"), Reason: "is missing"}
		}
	}
	return nil
}

// CheckTrust refuses what a role's trust policy cannot have.
func (p *Policy) CheckTrust(d Directory) *PolicyError {
	for i := range p.statements {
		st := &p.statements[i]
		switch {
		case len(st.principals) == 0:
			return &PolicyError{Path: st.path("Principal"), Reason: "is missing: a trust policy says who may assume the role"}
		case len(st.actions) == 0:
			return &PolicyError{Path: st.path("Action"), Reason: "is missing"}
		case len(st.resources) > 0:
			return &PolicyError{Path: st.path("Resource"), Reason: "a trust policy has no Resource: it speaks of its role"}
		}
	}
	return p.checkPrincipals(d)
}

// CheckKey refuses what a key policy cannot have. A statement without Action
// or Resource is legal, and has no effect.
func (p *Policy) CheckKey(d Directory) *PolicyError {
	for i := range p.statements {
		st := &p.statements[i]
		if len(st.principals) == 0 {
			return &PolicyError{Path: st.path("Principal"), Reason: "is missing: a key policy says who may use the key"}
		}
		for _, c := range st.conditions {
			if c.key == "kms:resourcealiases" {
				return &PolicyError{Path: append(st.path("Condition"), c.name), Reason: "kms:ResourceAliases works in identity policies only"}
			}
			if c.set != single && strings.HasPrefix(c.key, "kms:encryptioncontext:") {
				return &PolicyError{Path: append(st.path("Condition"), c.name), Reason: "OverlyPermissiveCondition: kms:EncryptionContext:<name> has a single value; ForAllValues and ForAnyValue must not be used with it"}
			}
		}
	}
	return p.checkPrincipals(d)
}

// checkPrincipals demands that the users and roles of the world's accounts
// exist. Of accounts outside of the world nothing is known.
func (p *Policy) checkPrincipals(d Directory) *PolicyError {
	for i := range p.statements {
		st := &p.statements[i]
		for _, n := range st.principals {
			if n.kind == "AWS" && !d.Exists(n.name) {
				return &PolicyError{Path: st.path("Principal"), Reason: fmt.Sprintf("no principal %q in the world%s", n.name, suggest.DidYouMean(n.name, d.ARNs()))}
			}
		}
	}
	return nil
}

// A Directory knows which principals exist.
type Directory interface {
	Exists(arn string) bool // true also where nothing is known of the account
	ARNs() []string         // of the users and roles, for suggestions
}
