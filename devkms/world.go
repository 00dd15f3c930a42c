package devkms

import (
	"time"

	"github.com/seed-1f7fdfb8/sops/devkms/internal/awsname"
)

// A World is what exists when the server starts: accounts, their users, roles
// and keys. Read one from a file with ParseWorld, take BuiltinWorld, or write
// one in Go. A server never changes its World, so several may share one.
type World struct {
	Default  string   // name of the user whose credentials the environment gets
	Regions  []string // the first is the default region
	Accounts []Account
}

// An Account is one AWS account.
type Account struct {
	ID      string // twelve digits
	Root    AccessKey
	Users   []User
	Roles   []Role
	Issuers []Issuer
	Keys    []Key

	Organization string // o-...; "" if it is in none
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

// user finds a user by name, which may be qualified by the account, as in
// 111111111111/alice.
func (w *World) user(name string) (*Account, *User) {
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

func (w *World) role(name string) (*Account, *Role) {
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

func pathOr(p string) string {
	if p == "" {
		return "/"
	}
	return p
}

// arn returns what policies of the account call the user.
func (u *User) arn(account string) string {
	return awsname.IAMARN(account, "user", pathOr(u.Path), u.Name)
}

func (r *Role) arn(account string) string {
	return awsname.IAMARN(account, "role", pathOr(r.Path), r.Name)
}

func (r *Role) maxSession() time.Duration {
	if r.MaxSession == 0 {
		return time.Hour
	}
	return r.MaxSession
}

func (a *Account) issuer(url string) *Issuer {
	for i := range a.Issuers {
		if a.Issuers[i].URL == url {
			return &a.Issuers[i]
		}
	}
	return nil
}
