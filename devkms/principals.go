package devkms

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-1f7fdfb8/sops/devkms/internal/awsname"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/iam"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/keystore"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/sts"
)

// This file gives the internal packages their parts of the world.

// principals are the callers of the world, and what they may become.
func (w *World) principals() sts.World {
	out := sts.World{AccessKeys: map[string]sts.AccessKey{}, Users: map[string]*iam.Principal{}, Roles: map[string]*sts.Role{}}
	add := func(p *iam.Principal, k AccessKey) {
		out.Users[p.ARN] = p
		if k.ID != "" {
			out.AccessKeys[k.ID] = sts.AccessKey{Owner: p, Secret: k.Secret}
		}
	}
	homes := w.organizations()
	for i := range w.Accounts {
		a := &w.Accounts[i]
		home := homes[a.ID]
		add(&iam.Principal{Kind: iam.RootUser, Account: a.ID, ARN: awsname.RootARN(a.ID), ID: a.ID, AccessKey: a.Root.ID, Home: home}, a.Root)
		for j := range a.Users {
			u := a.Users[j].principal(a.ID)
			u.Home = home
			add(u, a.Users[j].Access)
		}
		for j := range a.Roles {
			r := a.Roles[j].role(a.ID)
			r.Home, r.ServiceLinked = home, strings.HasPrefix(a.Roles[j].Path, iam.ServiceLinkedPath)
			out.Roles[r.ARN] = r
		}
		for _, i := range a.Issuers {
			out.Issuers = append(out.Issuers, sts.Issuer{Account: a.ID, URL: i.URL, Audiences: i.Audiences, PublicKey: i.PublicKey})
		}
	}
	return out
}

func (u *User) principal(account string) *iam.Principal {
	arn := u.arn(account)
	return &iam.Principal{
		Kind: iam.UserKind, Account: account, Name: u.Name, ARN: arn, ID: iam.UniqueID("AIDA", arn), AccessKey: u.Access.ID,
		Policies: parsed(u.Policies), Boundary: u.Boundary.policy(), Tags: u.Tags, MFA: (*iam.MFA)(u.MFA), Origin: iam.Origin(u.Origin),
	}
}

func (r *Role) role(account string) *sts.Role {
	arn := r.arn(account)
	return &sts.Role{
		Account: account, Name: r.Name, ARN: arn, ID: iam.UniqueID("AROA", arn), Trust: r.Trust.policy(), Policies: parsed(r.Policies),
		Boundary: r.Boundary.policy(), Tags: r.Tags, MaxSession: r.maxSession(), Origin: iam.Origin(r.Origin),
	}
}

// organizations are what binds each account.
func (w *World) organizations() map[string]*iam.Account {
	all := map[string]*iam.Account{}
	for _, a := range w.Accounts {
		home := &iam.Account{ID: a.ID, Organization: a.Organization}
		for _, level := range a.SCPs {
			home.SCPs = append(home.SCPs, parsed(level))
		}
		for _, level := range a.RCPs {
			home.RCPs = append(home.RCPs, parsed(level))
		}
		all[a.ID] = home
	}
	return all
}

// grant is one that the world declares. Its id is that of its place.
func (g Grant) grant(account, key string, i int) *iam.Grant {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s/%s/%d/%s", account, key, i, g.Grantee))
	id := hex.EncodeToString(sum[:])
	return &iam.Grant{
		ID: id, Token: "world-" + id, Name: g.Name, Grantee: g.Grantee, Retiring: g.Retiring, Issuer: awsname.RootARN(account),
		Operations: g.Operations, Equals: g.ContextEquals, Subset: g.ContextSubset,
	}
}

// keys are the keys of all accounts.
func (w *World) keys() []keystore.Declared {
	var out []keystore.Declared
	for _, a := range w.Accounts {
		for _, k := range a.Keys {
			var grants []*iam.Grant
			for i, g := range k.Grants {
				grants = append(grants, g.grant(a.ID, k.ID, i))
			}
			out = append(out, keystore.Declared{
				Account: a.ID, ID: k.ID, Regions: k.Regions, Aliases: k.Aliases, Policy: k.Policy.policy(), State: k.State,
				Description: k.Description, Tags: k.Tags, Grants: grants, Expires: k.Expires,
			})
		}
	}
	return out
}

// A directory is the world as policies name its principals.
type directory struct{ *World }

// Exists reports whether there is such a principal. Of accounts outside of the
// world nothing is known.
func (d directory) Exists(name string) bool {
	arn, ok := awsname.ParseARN(name)
	if !ok || arn.Resource == "root" {
		return true
	}
	i := slices.IndexFunc(d.Accounts, func(a Account) bool { return a.ID == arn.Account })
	switch {
	case i < 0:
		return true
	case arn.Service != "sts":
		return slices.Contains(d.ARNs(), name)
	}
	role, isSession := sessionRole(arn.Resource)
	return !isSession || slices.ContainsFunc(d.Accounts[i].Roles, func(r Role) bool { return r.Name == role })
}

// ARNs are those of the users and roles.
func (d directory) ARNs() []string {
	var out []string
	for i := range d.Accounts {
		a := &d.Accounts[i]
		for j := range a.Users {
			out = append(out, a.Users[j].arn(a.ID))
		}
		for j := range a.Roles {
			out = append(out, a.Roles[j].arn(a.ID))
		}
	}
	return out
}
