package world

import (
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/yamlread"
)

// The tables below are all that a world file may hold: the schema and
// docs/devkms.md are tested against them.

func worldFields() []field[World] {
	return []field[World]{
		text("default", func(w *World) *string { return &w.Default }),
		texts("regions", func(w *World) *[]string { return &w.Regions }),
		required(named("accounts", "an account", accountFields(), func(w *World) *[]Account { return &w.Accounts }, func(id string) Account { return Account{ID: id} })),
		counts("quotas", func(w *World) *map[string]int { return &w.Quotas }),
		seconds("settling", func(w *World) *time.Duration { return &w.Settling }),
		record("sso", "an instance of IAM Identity Center", ssoFields(), func(w *World) *SSO { return made(&w.SSO) }),
		record("instance", "an instance of EC2", instanceFields(), func(w *World) *Instance { return made(&w.Instance) }),
		record("task", "a task of ECS", taskFields(), func(w *World) *Task { return made(&w.Task) }),
		record("pod", "a pod of EKS", podFields(), func(w *World) *Pod { return made(&w.Pod) }),
		text("console", func(w *World) *string { return &w.Console }),
		record("anywhere", "a machine with a certificate", anywhereFields(), func(w *World) *Anywhere { return made(&w.Anywhere) }),
	}
}

// made returns what a pointer points to, and makes that first.
func made[T any](p **T) *T {
	*p = new(T)
	return *p
}

func ssoFields() []field[SSO] {
	return []field[SSO]{
		text("start_url", func(s *SSO) *string { return &s.StartURL }),
		text("region", func(s *SSO) *string { return &s.Region }),
		text("session", func(s *SSO) *string { return &s.Session }),
		text("user", func(s *SSO) *string { return &s.User }),
		seconds("login_duration", func(s *SSO) *time.Duration { return &s.Login }),
		{Name: "approves", Read: func(r *yamlread.Reader, n yamlread.Node, s *SSO) { s.Approves, _ = r.Bool(n, "approves") }},
	}
}

func permissionSetFields() []field[PermissionSet] {
	return []field[PermissionSet]{
		policies("policies", func(p *PermissionSet) *[]*Policy { return &p.Policies }),
		policy("permissions_boundary", func(p *PermissionSet) **Policy { return &p.Boundary }),
		seconds("session_duration", func(p *PermissionSet) *time.Duration { return &p.Session }),
	}
}

func instanceFields() []field[Instance] {
	return []field[Instance]{
		text("id", func(i *Instance) *string { return &i.ID }),
		text("role", func(i *Instance) *string { return &i.Role }),
		text("tokens", func(i *Instance) *string { return &i.Tokens }),
		number("hop_limit", func(i *Instance) *int { return &i.HopLimit }),
		number("hops", func(i *Instance) *int { return &i.Hops }),
	}
}

func taskFields() []field[Task] {
	return []field[Task]{
		text("id", func(t *Task) *string { return &t.ID }),
		required(text("role", func(t *Task) *string { return &t.Role })),
		text("authorization", func(t *Task) *string { return &t.Authorization }),
	}
}

func podFields() []field[Pod] {
	return []field[Pod]{
		required(text("role", func(p *Pod) *string { return &p.Role })),
		text("cluster", func(p *Pod) *string { return &p.Cluster }),
		text("namespace", func(p *Pod) *string { return &p.Namespace }),
		text("service_account", func(p *Pod) *string { return &p.ServiceAccount }),
		text("name", func(p *Pod) *string { return &p.Name }),
	}
}

func anywhereFields() []field[Anywhere] {
	return []field[Anywhere]{
		required(text("role", func(a *Anywhere) *string { return &a.Role })),
		text("common_name", func(a *Anywhere) *string { return &a.CommonName }),
	}
}

func accountFields() []field[Account] {
	return []field[Account]{
		record("root", "an access key", accessKeyFields(), func(a *Account) *AccessKey { return &a.Root }),
		named("users", "a user", userFields(), func(a *Account) *[]User { return &a.Users }, func(name string) User { return User{Name: name} }),
		named("roles", "a role", roleFields(), func(a *Account) *[]Role { return &a.Roles }, func(name string) Role { return Role{Name: name} }),
		listed("issuers", "an issuer", issuerFields(), func(a *Account) *[]Issuer { return &a.Issuers }),
		text("organization", func(a *Account) *string { return &a.Organization }),
		levels("service_control_policies", func(a *Account) *[]Level { return &a.SCPs }),
		levels("resource_control_policies", func(a *Account) *[]Level { return &a.RCPs }),
		listed("keys", "a key", keyFields(), func(a *Account) *[]Key { return &a.Keys }),
		named("permission_sets", "a permission set", permissionSetFields(), func(a *Account) *[]PermissionSet { return &a.PermissionSets }, func(name string) PermissionSet { return PermissionSet{Name: name} }),
	}
}

func accessKeyFields() []field[AccessKey] {
	return []field[AccessKey]{
		required(text("access_key_id", func(k *AccessKey) *string { return &k.ID })),
		required(text("secret_access_key", func(k *AccessKey) *string { return &k.Secret })),
	}
}

func userFields() []field[User] {
	return []field[User]{
		text("path", func(u *User) *string { return &u.Path }),
		text("access_key_id", func(u *User) *string { return &u.Access.ID }),
		text("secret_access_key", func(u *User) *string { return &u.Access.Secret }),
		policies("policies", func(u *User) *[]*Policy { return &u.Policies }),
		policy("permissions_boundary", func(u *User) **Policy { return &u.Boundary }),
		tags("tags", func(u *User) *map[string]string { return &u.Tags }),
		record("mfa", "an MFA device", mfaFields(), func(u *User) *MFA {
			u.MFA = &MFA{}
			return u.MFA
		}),
		text("source_ip", func(u *User) *string { return &u.Origin.SourceIP }),
		text("via_service", func(u *User) *string { return &u.Origin.ViaService }),
	}
}

func mfaFields() []field[MFA] {
	return []field[MFA]{
		required(text("serial", func(m *MFA) *string { return &m.Serial })),
		required(text("code", func(m *MFA) *string { return &m.Code })),
	}
}

func roleFields() []field[Role] {
	return []field[Role]{
		text("path", func(o *Role) *string { return &o.Path }),
		required(policy("trust", func(o *Role) **Policy { return &o.Trust })),
		policies("policies", func(o *Role) *[]*Policy { return &o.Policies }),
		policy("permissions_boundary", func(o *Role) **Policy { return &o.Boundary }),
		tags("tags", func(o *Role) *map[string]string { return &o.Tags }),
		seconds("max_session_duration", func(o *Role) *time.Duration { return &o.MaxSession }),
		text("source_ip", func(o *Role) *string { return &o.Origin.SourceIP }),
		text("via_service", func(o *Role) *string { return &o.Origin.ViaService }),
		record("profile", "a profile", profileFields(), func(o *Role) *Profile { return &o.Profile }),
	}
}

func profileFields() []field[Profile] {
	return []field[Profile]{
		text("source", func(p *Profile) *string { return &p.Source }),
		text("external_id", func(p *Profile) *string { return &p.ExternalID }),
		text("mfa_serial", func(p *Profile) *string { return &p.MFASerial }),
		text("issuer", func(p *Profile) *string { return &p.Issuer }),
	}
}

func issuerFields() []field[Issuer] {
	return []field[Issuer]{
		required(text("url", func(i *Issuer) *string { return &i.URL })),
		texts("audiences", func(i *Issuer) *[]string { return &i.Audiences }),
		text("subject", func(i *Issuer) *string { return &i.Subject }),
		text("public_key", func(i *Issuer) *string { return &i.PublicKey }),
	}
}

// keyFields are in the file one region and its replicas; Key has one list.
func keyFields() []field[Key] {
	return []field[Key]{
		required(text("id", func(k *Key) *string { return &k.ID })),
		text("region", func(k *Key) *string { return k.region() }),
		{Name: "replica_regions", Read: func(r *yamlread.Reader, n yamlread.Node, k *Key) {
			k.region()
			for _, t := range r.Texts(n, "replica_regions") {
				k.Regions = append(k.Regions, t.Value)
			}
		}},
		texts("aliases", func(k *Key) *[]string { return &k.Aliases }),
		policy("policy", func(k *Key) **Policy { return &k.Policy }),
		text("state", func(k *Key) *string { return &k.State }),
		text("description", func(k *Key) *string { return &k.Description }),
		tags("tags", func(k *Key) *map[string]string { return &k.Tags }),
		listed("grants", "a grant", grantFields(), func(k *Key) *[]Grant { return &k.Grants }),
		{Name: "valid_to", Read: func(r *yamlread.Reader, n yamlread.Node, k *Key) {
			t := r.Text(n, "valid_to")
			at, err := time.Parse(time.RFC3339, t.Value)
			if err != nil {
				r.FailAt(t.At, "", "%q is not a time, such as 2030-01-01T00:00:00Z", t.Value)
			}
			k.Expires = at
		}},
	}
}

func grantFields() []field[Grant] {
	return []field[Grant]{
		text("name", func(g *Grant) *string { return &g.Name }),
		required(text("grantee", func(g *Grant) *string { return &g.Grantee })),
		text("retiring", func(g *Grant) *string { return &g.Retiring }),
		required(texts("operations", func(g *Grant) *[]string { return &g.Operations })),
		tags("context_equals", func(g *Grant) *map[string]string { return &g.ContextEquals }),
		tags("context_subset", func(g *Grant) *map[string]string { return &g.ContextSubset }),
	}
}

// region is the first region, "" until it is known.
func (k *Key) region() *string {
	if len(k.Regions) == 0 {
		k.Regions = []string{""}
	}
	return &k.Regions[0]
}
