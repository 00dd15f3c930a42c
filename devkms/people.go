package devkms

import (
	"fmt"
	"maps"
)

// people is the index of the world's principals.
type people struct {
	byAccessKey map[string]credential
	users       map[string]*principal // by ARN; the root of an account too
	roles       map[string]*roleEntry // by ARN
}

type credential struct {
	who    *principal
	secret string
}

type roleEntry struct {
	*Role
	account *Account
	arn, id string
}

func newPeople(w *World) *people {
	p := &people{map[string]credential{}, map[string]*principal{}, map[string]*roleEntry{}}
	for i := range w.Accounts {
		a := &w.Accounts[i]
		root := &principal{kind: rootUser, account: a.ID, arn: rootARN(a.ID), id: a.ID, accessKey: a.Root.ID}
		p.add(root, a.Root)
		for j := range a.Users {
			p.add(newUser(a.ID, &a.Users[j]), a.Users[j].Access)
		}
		for j := range a.Roles {
			r := &a.Roles[j]
			arn := r.arn(a.ID)
			p.roles[arn] = &roleEntry{r, a, arn, uniqueID("AROA", arn)}
		}
	}
	return p
}

func newUser(account string, u *User) *principal {
	arn := u.arn(account)
	return &principal{
		kind: userKind, account: account, name: u.Name, arn: arn, id: uniqueID("AIDA", arn), accessKey: u.Access.ID,
		policies: u.Policies, boundary: u.Boundary, tags: u.Tags, mfa: u.MFA,
		viaService: u.Origin.ViaService, sourceIP: u.Origin.SourceIP,
	}
}

func (p *people) add(who *principal, k AccessKey) {
	p.users[who.arn] = who
	if k.ID != "" {
		p.byAccessKey[k.ID] = credential{who, k.Secret}
	}
}

// session returns the principal of a session token. The role or user must
// still be there: the world may have changed since.
func (p *people) session(t *sessionToken) (*principal, error) {
	if u, ok := p.users[t.Owner]; ok {
		who := *u
		who.accessKey, who.issued, who.mfaTime = t.AccessKey, t.Issued, t.MFATime
		return &who, nil
	}
	r, ok := p.roles[t.Owner]
	if !ok {
		return nil, errUnknown
	}
	who := r.session(t.Name)
	who.accessKey, who.issued, who.mfaTime = t.AccessKey, t.Issued, t.MFATime
	who.source, who.transitive = t.Source, t.Transitive
	who.tags = maps.Clone(r.Tags)
	if who.tags == nil {
		who.tags = map[string]string{}
	}
	maps.Copy(who.tags, t.Tags)
	if t.Policy != "" {
		sp, err := ParsePolicy(t.Policy)
		if err != nil {
			return nil, fmt.Errorf("session policy: %w", err)
		}
		who.sessionPolicy = sp
	}
	return who, nil
}

// session returns the principal of a session of the role. A session's ARN
// leaves out the role's path, unlike the ARN of the role.
func (r *roleEntry) session(name string) *principal {
	return &principal{
		kind: roleSession, account: r.account.ID, name: r.Name, roleARN: r.arn,
		arn: "arn:aws:sts::" + r.account.ID + ":assumed-role/" + r.Name + "/" + name,
		id:  r.id + ":" + name, policies: r.Policies, boundary: r.Boundary,
		viaService: r.Origin.ViaService, sourceIP: r.Origin.SourceIP,
	}
}
