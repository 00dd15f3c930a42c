package simulate

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/seed-1f7fdfb8/sops/devkms"
	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/atomicfile"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
)

// files reads what the question is about. The first error stays.
type files struct {
	ctx context.Context
	a   *app.App
	err error
}

func (f *files) fail(err error) {
	if f.err == nil {
		f.err = err
	}
}

func (f *files) read(path string) []byte {
	file, err := atomicfile.Read(f.ctx, f.a.Abs(path))
	if err != nil {
		f.fail(err)
		return nil
	}
	return file.Data
}

// world is the one of a file, or one that is made of the policies.
func (f *files) world(o Options, q devkms.Question) *devkms.World {
	if o.World == "" {
		return f.pasted(o, q)
	}
	if o.World == "builtin" {
		return devkms.BuiltinWorld()
	}
	w, err := devkms.ParseWorld(o.World, f.read(o.World))
	if err != nil && f.err == nil {
		f.fail(app.Fail(app.Input, "", "%v", err))
	}
	return w
}

// policy reads a policy, as it is written or as the AWS CLI prints it.
func (f *files) policy(path string) *devkms.Policy {
	src := f.read(path)
	if f.err != nil {
		return nil
	}
	p, err := devkms.ParsePolicy(unwrap(src))
	if err != nil {
		f.fail(app.Fail(app.Input, "", "%s: %v", path, err))
		return nil
	}
	return p.Named(path)
}

func (f *files) policies(paths []string) []*devkms.Policy {
	var all []*devkms.Policy
	for _, path := range paths {
		all = append(all, f.policy(path))
	}
	return all
}

// unwrap returns the policy inside what aws kms get-key-policy, aws iam
// get-role-policy, get-policy-version and aws organizations describe-policy print,
// on the lines that it has there.
func unwrap(src []byte) string {
	text := src
	for range 3 {
		var outer map[string]json.RawMessage
		if json.Unmarshal(text, &outer) != nil || outer["Statement"] != nil {
			break
		}
		var inner json.RawMessage
		for _, name := range []string{"Policy", "PolicyDocument", "AssumeRolePolicyDocument", "PolicyVersion", "Role", "Document", "Content"} {
			if outer[name] != nil {
				inner = outer[name]
				break
			}
		}
		if inner == nil {
			break
		}
		var quoted string
		if json.Unmarshal(inner, &quoted) == nil {
			return quoted
		}
		text = inner
	}
	at := max(0, bytes.Index(src, text))
	return strings.Repeat("\n", bytes.Count(src[:at], []byte("\n"))) + string(text)
}

// grants reads what aws kms list-grants prints, or one grant.
func (f *files) grants(path string) []devkms.Grant {
	type grant struct {
		Name, GranteePrincipal, RetiringPrincipal string
		Operations                                []string
		Constraints                               struct{ EncryptionContextEquals, EncryptionContextSubset map[string]string }
	}
	src := f.read(path)
	var list struct{ Grants []grant }
	var one grant
	err := cmp.Or(json.Unmarshal(src, &list), json.Unmarshal(src, &one))
	if f.err == nil && (err != nil || one.GranteePrincipal == "" && len(list.Grants) == 0) {
		f.fail(app.Fail(app.Input, "it is what aws kms list-grants prints", "%s: there is no grant in it", path))
	}
	if one.GranteePrincipal != "" {
		list.Grants = append(list.Grants, one)
	}
	var all []devkms.Grant
	for _, g := range list.Grants {
		all = append(all, devkms.Grant{
			Name: g.Name, Grantee: g.GranteePrincipal, Retiring: g.RetiringPrincipal, Operations: g.Operations,
			ContextEquals: g.Constraints.EncryptionContextEquals, ContextSubset: g.Constraints.EncryptionContextSubset,
		})
	}
	return all
}

// pasted makes a world of the caller, the key and all that the policies name.
func (f *files) pasted(o Options, q devkms.Question) *devkms.World {
	w := &maker{accounts: map[string]*devkms.Account{}, organization: o.Organization}
	caller := w.principal(f, q.Principal)
	identity, boundary := f.policies(o.Identity), f.optional(o.Boundary)
	if caller.policies != nil {
		*caller.policies, *caller.boundary = identity, boundary
	}
	for _, scp := range o.SCPs {
		caller.account.SCPs = append(caller.account.SCPs, devkms.Level{f.policy(scp)})
	}
	owner := w.resource(f, q.Resource, o)
	for _, rcp := range o.RCPs {
		if owner != nil {
			owner.RCPs = append(owner.RCPs, devkms.Level{f.policy(rcp)})
		}
	}
	if f.err != nil {
		return nil
	}
	return w.world()
}

func (f *files) optional(path string) *devkms.Policy {
	if path == "" {
		return nil
	}
	return f.policy(path)
}

// A maker makes a world of the names that turn up.
type maker struct {
	accounts     map[string]*devkms.Account
	organization string // of all of them
	regions      []string
}

// A callerPlace has the places of a principal's policies.
type callerPlace struct {
	account  *devkms.Account
	policies *[]*devkms.Policy
	boundary **devkms.Policy
}

func (m *maker) account(id string) *devkms.Account {
	if m.accounts[id] == nil {
		m.accounts[id] = &devkms.Account{ID: id, Organization: m.organization}
	}
	return m.accounts[id]
}

// principal makes a user or a role, if there is none yet.
func (m *maker) principal(f *files, arn string) callerPlace {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || len(parts[4]) != 12 {
		f.fail(app.Fail(app.Other, "write arn:aws:iam::ACCOUNT:user/NAME, or role/NAME", "%q is not the ARN of a principal", hint.Line(arn)))
		return callerPlace{account: &devkms.Account{}}
	}
	a := m.account(parts[4])
	kind, rest, _ := strings.Cut(parts[5], "/")
	at := strings.LastIndex(rest, "/")
	name, path := rest[at+1:], ""
	if at >= 0 {
		path = "/" + rest[:at+1]
	}
	switch kind + "/" {
	case "assumed-role/":
		role, _, _ := strings.Cut(rest, "/")
		return m.role(a, role, "")
	case "role/":
		return m.role(a, name, path)
	case "user/":
		i := slices.IndexFunc(a.Users, func(u devkms.User) bool { return u.Name == name })
		if i < 0 {
			a.Users = append(a.Users, devkms.User{Name: name, Path: path})
			i = len(a.Users) - 1
		}
		return callerPlace{a, &a.Users[i].Policies, &a.Users[i].Boundary}
	}
	return callerPlace{account: a}
}

// noTrust is the trust policy of a role that no question is about.
const noTrust = `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole"}}`

func (m *maker) role(a *devkms.Account, name, path string) callerPlace {
	i := slices.IndexFunc(a.Roles, func(r devkms.Role) bool { return r.Name == name })
	if i < 0 {
		trust, err := devkms.ParsePolicy(noTrust)
		if err != nil {
			panic("simulate: " + err.Error())
		}
		a.Roles = append(a.Roles, devkms.Role{Name: name, Path: path, Trust: trust})
		i = len(a.Roles) - 1
	}
	return callerPlace{a, &a.Roles[i].Policies, &a.Roles[i].Boundary}
}

// resource makes the key, or the role that is to be assumed.
func (m *maker) resource(f *files, arn string, o Options) *devkms.Account {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || len(parts[4]) != 12 {
		f.fail(app.Fail(app.Other, "write arn:aws:kms:REGION:ACCOUNT:key/ID", "%q is not the ARN of a key", hint.Line(arn)))
		return nil
	}
	a := m.account(parts[4])
	if parts[2] == "iam" {
		m.principal(f, arn)
		if trust := f.optional(o.TrustPolicy); trust != nil {
			name := arn[strings.LastIndex(arn, "/")+1:]
			i := slices.IndexFunc(a.Roles, func(r devkms.Role) bool { return r.Name == name })
			a.Roles[i].Trust = trust
			m.named(f, trust)
		}
		return a
	}
	m.regions = append(m.regions, parts[3])
	k := devkms.Key{ID: strings.TrimPrefix(parts[5], "key/"), Regions: []string{parts[3]}, Policy: f.optional(o.KeyPolicy)}
	if strings.HasPrefix(parts[5], "alias/") {
		k.ID, k.Aliases = "00000000-0000-4000-8000-000000000000", []string{parts[5]}
	}
	m.named(f, k.Policy)
	for _, path := range o.Grants {
		for _, g := range f.grants(path) {
			m.principal(f, g.Grantee)
			k.Grants = append(k.Grants, g)
		}
	}
	a.Keys = append(a.Keys, k)
	return a
}

// named makes the principals that a policy names.
func (m *maker) named(f *files, p *devkms.Policy) {
	if p == nil {
		return
	}
	for _, arn := range p.Principals() {
		if strings.HasPrefix(arn, "arn:") {
			m.principal(f, arn)
		}
	}
}

func (m *maker) world() *devkms.World {
	w := &devkms.World{Regions: m.regions}
	var ids []string
	for id := range m.accounts {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		w.Accounts = append(w.Accounts, *m.accounts[id])
	}
	return w
}
