package devkms

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// ParseWorld reads a world file (YAML; JSON is YAML too). Every mistake is
// reported, each as name:line: reason.
func ParseWorld(name string, src []byte) (*World, error) {
	var doc yaml.Node
	if err := yaml.NewDecoder(bytes.NewReader(src)).Decode(&doc); err != nil {
		return nil, yamlError(name, err)
	}
	r := &reader{name: name, budget: 200_000}
	root := r.resolve(doc.Content[0])
	w := &World{}
	r.fields(root, "the world", fields{
		{"default", func(n *yaml.Node) { w.Default = r.text(n) }},
		{"regions", func(n *yaml.Node) { w.Regions = r.texts(n) }},
		{"accounts", func(n *yaml.Node) {
			r.entries(n, "accounts", func(k, v *yaml.Node) { w.Accounts = append(w.Accounts, r.account(k, v)) })
		}},
	}, "accounts")
	if len(r.errs) > 0 {
		return nil, errors.Join(r.errs...)
	}
	w.fillIn()
	for _, e := range w.check() {
		r.errs = append(r.errs, fmt.Errorf("%s:%d: %w", name, find(root, e.path).Line, e))
	}
	if len(r.errs) > 0 {
		return nil, errors.Join(r.errs...)
	}
	return w, nil
}

// yamlError turns "yaml: line 3: reason" into "name:3: reason".
func yamlError(name string, err error) error {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	if text == "EOF" {
		text = "the file is empty"
	}
	if rest, ok := strings.CutPrefix(text, "line "); ok {
		return fmt.Errorf("%s:%s", name, rest)
	}
	return fmt.Errorf("%s: %s", name, text)
}

func (r *reader) account(k, v *yaml.Node) Account {
	a := Account{ID: k.Value}
	r.fields(v, "an account", fields{
		{"root", func(n *yaml.Node) { a.Root = r.accessKey(n) }},
		{"users", func(n *yaml.Node) {
			r.entries(n, "users", func(k, v *yaml.Node) { a.Users = append(a.Users, r.user(k, v)) })
		}},
		{"roles", func(n *yaml.Node) {
			r.entries(n, "roles", func(k, v *yaml.Node) { a.Roles = append(a.Roles, r.role(k, v)) })
		}},
		{"issuers", func(n *yaml.Node) {
			r.items(n, "issuers", func(v *yaml.Node) { a.Issuers = append(a.Issuers, r.issuer(v)) })
		}},
		{"keys", func(n *yaml.Node) {
			r.items(n, "keys", func(v *yaml.Node) { a.Keys = append(a.Keys, r.key(v)) })
		}},
	})
	return a
}

func (r *reader) accessKey(v *yaml.Node) AccessKey {
	var k AccessKey
	r.fields(v, "an access key", fields{
		{"access_key_id", func(n *yaml.Node) { k.ID = r.text(n) }},
		{"secret_access_key", func(n *yaml.Node) { k.Secret = r.text(n) }},
	}, "access_key_id", "secret_access_key")
	return k
}

func (r *reader) user(k, v *yaml.Node) User {
	u := User{Name: k.Value}
	r.fields(v, "a user", fields{
		{"path", func(n *yaml.Node) { u.Path = r.text(n) }},
		{"access_key_id", func(n *yaml.Node) { u.Access.ID = r.text(n) }},
		{"secret_access_key", func(n *yaml.Node) { u.Access.Secret = r.text(n) }},
		{"policies", func(n *yaml.Node) { u.Policies = r.policies(n) }},
		{"permissions_boundary", func(n *yaml.Node) { u.Boundary = r.policy(n) }},
		{"tags", func(n *yaml.Node) { u.Tags = r.tags(n) }},
		{"mfa", func(n *yaml.Node) { u.MFA = r.mfa(n) }},
		{"source_ip", func(n *yaml.Node) { u.Origin.SourceIP = r.text(n) }},
		{"via_service", func(n *yaml.Node) { u.Origin.ViaService = r.text(n) }},
	})
	return u
}

func (r *reader) mfa(v *yaml.Node) *MFA {
	m := &MFA{}
	r.fields(v, "an MFA device", fields{
		{"serial", func(n *yaml.Node) { m.Serial = r.text(n) }},
		{"code", func(n *yaml.Node) { m.Code = r.text(n) }},
	}, "serial", "code")
	return m
}

func (r *reader) role(k, v *yaml.Node) Role {
	o := Role{Name: k.Value}
	r.fields(v, "a role", fields{
		{"path", func(n *yaml.Node) { o.Path = r.text(n) }},
		{"trust", func(n *yaml.Node) { o.Trust = r.policy(n) }},
		{"policies", func(n *yaml.Node) { o.Policies = r.policies(n) }},
		{"permissions_boundary", func(n *yaml.Node) { o.Boundary = r.policy(n) }},
		{"tags", func(n *yaml.Node) { o.Tags = r.tags(n) }},
		{"max_session_duration", func(n *yaml.Node) { o.MaxSession = time.Duration(r.number(n)) * time.Second }},
		{"source_ip", func(n *yaml.Node) { o.Origin.SourceIP = r.text(n) }},
		{"via_service", func(n *yaml.Node) { o.Origin.ViaService = r.text(n) }},
		{"profile", func(n *yaml.Node) { o.Profile = r.profile(n) }},
	}, "trust")
	return o
}

func (r *reader) profile(v *yaml.Node) Profile {
	var p Profile
	r.fields(v, "a profile", fields{
		{"source", func(n *yaml.Node) { p.Source = r.text(n) }},
		{"external_id", func(n *yaml.Node) { p.ExternalID = r.text(n) }},
		{"mfa_serial", func(n *yaml.Node) { p.MFASerial = r.text(n) }},
		{"issuer", func(n *yaml.Node) { p.Issuer = r.text(n) }},
	})
	return p
}

func (r *reader) issuer(v *yaml.Node) Issuer {
	var i Issuer
	r.fields(v, "an issuer", fields{
		{"url", func(n *yaml.Node) { i.URL = r.text(n) }},
		{"audiences", func(n *yaml.Node) { i.Audiences = r.texts(n) }},
		{"subject", func(n *yaml.Node) { i.Subject = r.text(n) }},
		{"public_key", func(n *yaml.Node) { i.PublicKey = r.text(n) }},
	}, "url")
	return i
}

func (r *reader) key(v *yaml.Node) Key {
	var k Key
	region, replicas := "", []string(nil)
	r.fields(v, "a key", fields{
		{"id", func(n *yaml.Node) { k.ID = r.text(n) }},
		{"region", func(n *yaml.Node) { region = r.text(n) }},
		{"replica_regions", func(n *yaml.Node) { replicas = r.texts(n) }},
		{"aliases", func(n *yaml.Node) { k.Aliases = r.texts(n) }},
		{"policy", func(n *yaml.Node) { k.Policy = r.policy(n) }},
		{"state", func(n *yaml.Node) { k.State = r.text(n) }},
		{"description", func(n *yaml.Node) { k.Description = r.text(n) }},
		{"tags", func(n *yaml.Node) { k.Tags = r.tags(n) }},
	}, "id")
	k.Regions = append([]string{region}, replicas...)
	return k
}
