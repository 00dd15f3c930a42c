package devkms

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

func (st *statement) path(element string) []string {
	return []string{"Statement", strconv.Itoa(st.index), element}
}

// checkIdentity refuses what an identity, boundary or session policy cannot
// have.
func (p *Policy) checkIdentity() *PolicyError {
	for i := range p.statements {
		st := &p.statements[i]
		switch {
		case len(st.principals) > 0:
			return &PolicyError{st.path("Principal"), "an identity-based policy has no Principal: it speaks of whom it is attached to"}
		case len(st.actions) == 0:
			return &PolicyError{st.path("Action"), "is missing"}
		case len(st.resources) == 0:
			return &PolicyError{st.path("Resource"), "is missing"}
		}
	}
	return nil
}

// checkTrust refuses what a role's trust policy cannot have.
func (p *Policy) checkTrust(w *World) *PolicyError {
	for i := range p.statements {
		st := &p.statements[i]
		switch {
		case len(st.principals) == 0:
			return &PolicyError{st.path("Principal"), "is missing: a trust policy says who may assume the role"}
		case len(st.actions) == 0:
			return &PolicyError{st.path("Action"), "is missing"}
		case len(st.resources) > 0:
			return &PolicyError{st.path("Resource"), "a trust policy has no Resource: it speaks of its role"}
		}
	}
	return p.checkPrincipals(w)
}

// checkKey refuses what a key policy cannot have. A statement without Action
// or Resource is legal, and has no effect.
func (p *Policy) checkKey(w *World) *PolicyError {
	for i := range p.statements {
		st := &p.statements[i]
		if len(st.principals) == 0 {
			return &PolicyError{st.path("Principal"), "is missing: a key policy says who may use the key"}
		}
		for _, c := range st.conditions {
			if c.key == "kms:resourcealiases" {
				return &PolicyError{append(st.path("Condition"), c.name), "kms:ResourceAliases works in identity policies only"}
			}
			if c.set != single && strings.HasPrefix(c.key, "kms:encryptioncontext:") {
				return &PolicyError{append(st.path("Condition"), c.name), "OverlyPermissiveCondition: kms:EncryptionContext:<name> has a single value; ForAllValues and ForAnyValue must not be used with it"}
			}
		}
	}
	return p.checkPrincipals(w)
}

// checkPrincipals demands that the users and roles of the world's accounts
// exist. Of accounts outside of the world nothing is known.
func (p *Policy) checkPrincipals(w *World) *PolicyError {
	for i := range p.statements {
		st := &p.statements[i]
		for _, n := range st.principals {
			if n.kind == "AWS" && !w.exists(n.name) {
				return &PolicyError{st.path("Principal"), fmt.Sprintf("no principal %q in the world%s", n.name, didYouMean(n.name, w.principalARNs()))}
			}
		}
	}
	return nil
}

func (w *World) exists(name string) bool {
	a, ok := parseARN(name)
	if !ok || a.resource == "root" || w.account(a.account) == nil {
		return true
	}
	if a.service == "sts" {
		kind, rest, _ := strings.Cut(a.resource, "/")
		role, _, _ := strings.Cut(rest, "/")
		acct := w.account(a.account)
		return kind != "assumed-role" || slices.ContainsFunc(acct.Roles, func(r Role) bool { return r.Name == role })
	}
	return slices.Contains(w.principalARNs(), name)
}

func (w *World) account(id string) *Account {
	for i := range w.Accounts {
		if w.Accounts[i].ID == id {
			return &w.Accounts[i]
		}
	}
	return nil
}

func (w *World) principalARNs() []string {
	var out []string
	for i := range w.Accounts {
		a := &w.Accounts[i]
		for j := range a.Users {
			out = append(out, a.Users[j].arn(a.ID))
		}
		for j := range a.Roles {
			out = append(out, a.Roles[j].arn(a.ID))
		}
	}
	return out
}
