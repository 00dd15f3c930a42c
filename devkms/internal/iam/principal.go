package iam

import (
	"crypto/sha256"
	"encoding/base32"
	"strconv"
	"time"

	"github.com/seed-1f7fdfb8/sops/devkms/internal/awsname"
)

// A Principal is what makes a call: an account's root, a user, or a session
// of a role. For AssumeRoleWithWebIdentity it is the bearer of a token.
type Principal struct {
	Kind      PrincipalKind
	Account   string
	Name      string // of the user or role
	ARN       string // what policies and GetCallerIdentity call it
	RoleARN   string // of a session: its role
	ID        string // AIDA..., or AROA...:session
	Federated string // of a token's bearer: the ARN of the OIDC provider
	AccessKey string

	Home          *Account // its account, nil where nothing is known of that
	ServiceLinked bool     // a role that organizations do not limit
	Policies      []*Policy
	Boundary      *Policy
	SessionPolicy *Policy
	Tags          map[string]string
	Transitive    []string
	Source        string // the SourceIdentity, which chains keep

	Issued  time.Time // of a session
	MFATime time.Time // zero if no MFA was used

	MFA    *MFA
	Origin Origin
}

// MFA is a virtual device whose code never changes.
type MFA struct{ Serial, Code string }

// An Origin says from where calls seem to come. The zero value means
// directly, from the address that the connection has.
type Origin struct{ SourceIP, ViaService string }

// A PrincipalKind is a kind of principal.
type PrincipalKind int

// The kinds of principals.
const (
	UserKind PrincipalKind = iota
	RootUser
	RoleSession
	TokenBearer
)

// Session reports whether p is a session of a role.
func (p *Principal) Session() bool { return p.Kind == RoleSession }

// names are all the ARNs under which a policy may speak of p.
func (p *Principal) names() []string {
	if p.Federated != "" {
		return []string{p.Federated}
	}
	names := []string{awsname.RootARN(p.Account)}
	if p.Kind != RootUser {
		names = append(names, p.ARN)
	}
	if p.Session() {
		names = append(names, p.RoleARN)
	}
	return names
}

// facts adds the condition keys that speak of the caller.
func (p *Principal) facts(f Conditions, now time.Time) {
	if p.Federated != "" {
		return
	}
	f.Set("aws:PrincipalAccount", p.Account)
	f.Set("aws:userid", p.ID)
	if p.Home != nil && p.Home.Organization != "" {
		f.Set("aws:PrincipalOrgID", p.Home.Organization)
	}
	f.Set("aws:PrincipalType", map[PrincipalKind]string{UserKind: "User", RootUser: "Account", RoleSession: "AssumedRole"}[p.Kind])
	if p.Session() {
		f.Set("aws:PrincipalArn", p.RoleARN)
	} else {
		f.Set("aws:PrincipalArn", p.ARN)
	}
	if p.Kind == UserKind {
		f.Set("aws:username", p.Name)
	}
	if p.Source != "" {
		f.Set("aws:SourceIdentity", p.Source)
	}
	for k, v := range p.Tags {
		f.Set("aws:PrincipalTag/"+k, v)
	}
	// Only temporary credentials say whether MFA was used.
	if !p.Issued.IsZero() {
		f.Set("aws:TokenIssueTime", p.Issued.Format(time.RFC3339))
		f.Set("aws:MultiFactorAuthPresent", strconv.FormatBool(!p.MFATime.IsZero()))
		if !p.MFATime.IsZero() {
			f.Set("aws:MultiFactorAuthAge", strconv.Itoa(int(now.Sub(p.MFATime).Seconds())))
		}
	}
}

// UniqueID derives the stable id that IAM would have given: a prefix and 17
// letters.
func UniqueID(prefix, arn string) string {
	sum := sha256.Sum256([]byte(arn))
	return prefix + base32.StdEncoding.EncodeToString(sum[:])[:17]
}
