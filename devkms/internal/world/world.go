// Package world is what exists in the AWS of a server: accounts, users, roles, keys,
// and the machines and logins that programs get their identity from; and the
// files that say so.
package world

import (
	"time"

	"github.com/seed-1f7fdfb8/sops/devkms/internal/awsname"
)

// A World is what exists when the server starts: accounts, their users, roles
// and keys. Read one from a file with Parse, take Builtin, or write one
// in Go. A server never changes its World, so several may share one.
type World struct {
	Default  string   // name of the user whose credentials the environment gets
	Regions  []string // the first is the default region
	Accounts []Account

	Quotas   map[string]int // of KMS: requests a second, by operation or "cryptographic"; what is not named has none
	Settling time.Duration  // how long changed key policies and aliases take to be known

	SSO      *SSO      // nil means that there is no login to IAM Identity Center
	Instance *Instance // whose metadata service there is
	Task     *Task     // in whose containers programs run
	Pod      *Pod
	Console  string    // name of the user who has done `aws login`
	Anywhere *Anywhere // a machine outside of AWS with a certificate
}

// An Account is one AWS account.
type Account struct {
	ID      string // twelve digits
	Root    AccessKey
	Users   []User
	Roles   []Role
	Issuers []Issuer
	Keys    []Key

	PermissionSets []PermissionSet // of IAM Identity Center, for the user of World.SSO
	Organization   string          // o-...; "" if it is in none
	// Levels of policies, from the root of the organization down to the account:
	// each must allow. The management account of an organization has none.
	SCPs, RCPs []Level
}

// A Level has the policies that are attached at one place of an organization.
type Level []*Policy

// An AccessKey is a long-lived credential. Both parts are empty if there is
// none.
type AccessKey struct{ ID, Secret string }

// A User is an IAM user.
type User struct {
	Name     string
	Path     string // "" means /
	Access   AccessKey
	Policies []*Policy
	Boundary *Policy
	Tags     map[string]string
	MFA      *MFA
	Origin   Origin
}

// MFA is a virtual device whose code never changes, so that tests know it.
type MFA struct{ Serial, Code string }

// An Origin says from where calls seem to come, for conditions on
// aws:SourceIp and kms:ViaService. The zero value means directly, from the
// address that the connection has.
type Origin struct{ SourceIP, ViaService string }

// A Role is an IAM role.
type Role struct {
	Name       string
	Path       string
	Trust      *Policy
	Policies   []*Policy
	Boundary   *Policy
	Tags       map[string]string
	MaxSession time.Duration // 0 means one hour
	Origin     Origin
	Profile    Profile
}

// A Profile says how the generated AWS profile reaches a role.
type Profile struct {
	Source     string // name of the user or role that assumes it; "" means the default user
	ExternalID string
	MFASerial  string
	Issuer     string // URL: use a web identity token of this issuer instead
}

// An Issuer is an OpenID Connect provider whose tokens the account accepts.
type Issuer struct {
	URL       string
	Audiences []string
	Subject   string // of the token that Environ writes
	PublicKey string // PEM; "" means that the server itself makes the tokens
}

// A Key is a KMS key. One with several regions is a multi-Region key, whose
// id starts with mrk-, and whose primary is in the first.
type Key struct {
	ID          string
	Regions     []string
	Aliases     []string // alias/name
	Policy      *Policy  // nil means that the account's identity policies decide
	State       string   // "" means Enabled
	Description string
	Tags        map[string]string
	Grants      []Grant
	Expires     time.Time // of imported key material; zero for material that does not
}

// A Grant lets a principal use a key, beside its policy.
type Grant struct {
	Name                         string
	Grantee, Retiring            string // ARNs
	Operations                   []string
	ContextEquals, ContextSubset map[string]string
}

// FindUser finds a user by name, which may be qualified by the account, as in
// 111111111111/alice.
func (w *World) FindUser(name string) (*Account, *User) {
	for i := range w.Accounts {
		a := &w.Accounts[i]
		for j := range a.Users {
			if u := &a.Users[j]; u.Name == name || a.ID+"/"+u.Name == name {
				return a, u
			}
		}
	}
	return nil, nil
}

// FindRole finds a role as FindUser finds a user.
func (w *World) FindRole(name string) (*Account, *Role) {
	for i := range w.Accounts {
		a := &w.Accounts[i]
		for j := range a.Roles {
			if r := &a.Roles[j]; r.Name == name || a.ID+"/"+r.Name == name {
				return a, r
			}
		}
	}
	return nil, nil
}

// allRoles are those of the account, and those that IAM Identity Center made
// there for its permission sets.
func (w *World) allRoles(a *Account) []*Role {
	var all []*Role
	for i := range a.Roles {
		all = append(all, &a.Roles[i])
	}
	for i := range a.PermissionSets {
		all = append(all, a.PermissionSets[i].RoleIn(a.ID, w.SSO.Region))
	}
	return all
}

func pathOr(p string) string {
	if p == "" {
		return "/"
	}
	return p
}

// ARN returns what policies of the account call the user.
func (u *User) ARN(account string) string {
	return awsname.IAMARN(account, "user", pathOr(u.Path), u.Name)
}

// ARN returns what policies of the account call the role.
func (r *Role) ARN(account string) string {
	return awsname.IAMARN(account, "role", pathOr(r.Path), r.Name)
}

func (r *Role) maxSession() time.Duration {
	if r.MaxSession == 0 {
		return time.Hour
	}
	return r.MaxSession
}

// FindIssuer finds an issuer by its URL.
func (a *Account) FindIssuer(url string) *Issuer {
	for i := range a.Issuers {
		if a.Issuers[i].URL == url {
			return &a.Issuers[i]
		}
	}
	return nil
}
