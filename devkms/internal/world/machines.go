package world

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/seed-1f7fdfb8/sops/devkms/internal/awsname"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/imds"
	"github.com/seed-1f7fdfb8/sops/internal/suggest"
)

// An SSO is an instance of IAM Identity Center with one user, who has all
// permission sets of the world.
type SSO struct {
	StartURL string
	Region   string        // "" means the default region
	Session  string        // name of the sso-session that Environ writes
	User     string        // name of the user
	Login    time.Duration // how long a login lasts; 0 means eight hours
	Approves bool          // device codes need no person
}

// A PermissionSet is a role that IAM Identity Center makes in an account.
type PermissionSet struct {
	Name     string
	Policies []*Policy
	Boundary *Policy
	Session  time.Duration // of its role; 0 means one hour
}

// An Instance is one of EC2, where programs ask the metadata service.
type Instance struct {
	ID             string
	Role           string // name of the role of its instance profile; "" if it has none
	Tokens         string // "optional", "required", or "unsupported": what it does about session tokens
	HopLimit, Hops int    // how far answers with a token go, and how far the program is away
}

// A Task is one of ECS.
type Task struct {
	ID, Role      string
	Authorization string // what requests for its credentials must carry; "" if nothing
}

// A Pod is one of EKS whose service account has a pod identity association.
type Pod struct {
	Role, Cluster, Namespace, ServiceAccount, Name string
}

// An Anywhere is a machine outside of AWS whose certificate IAM Roles Anywhere
// accepts.
type Anywhere struct{ Role, CommonName string }

// ssoPath is the path of the roles that IAM Identity Center makes.
const ssoPath = "/aws-reserved/sso.amazonaws.com/"

// RoleIn is the role of the permission set.
func (p *PermissionSet) RoleIn(account, region string) *Role {
	sum := sha256.Sum256([]byte(account + "/" + p.Name))
	path := ssoPath
	if region != "us-east-1" {
		path += region + "/"
	}
	trust, err := ParsePolicy(fmt.Sprintf(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["sts:AssumeRoleWithSAML","sts:TagSession"],
		"Principal":{"Federated":"arn:aws:iam::%s:saml-provider/AWSSSO_devkms_DO_NOT_DELETE"}}}`, account))
	if err != nil {
		panic("world: " + err.Error())
	}
	return &Role{
		Name: "AWSReservedSSO_" + p.Name + "_" + hex.EncodeToString(sum[:8]), Path: path, Trust: trust, Policies: p.Policies,
		Boundary: p.Boundary, MaxSession: max(p.Duration(), time.Hour),
	}
}

// Duration is how long credentials of the role last.
func (p *PermissionSet) Duration() time.Duration { return cmp.Or(p.Session, time.Hour) }

// fillInMachines sets what a world file may leave out of where identities come
// from. Permission sets without an instance of IAM Identity Center get one.
func (w *World) fillInMachines() {
	hasSets := slices.ContainsFunc(w.Accounts, func(a Account) bool { return len(a.PermissionSets) > 0 })
	if w.SSO == nil && hasSets {
		w.SSO = &SSO{}
	}
	if s := w.SSO; s != nil {
		s.StartURL = cmp.Or(s.StartURL, "https://devkms.awsapps.com/start")
		s.Region = cmp.Or(s.Region, w.Regions[0])
		s.Session = cmp.Or(s.Session, "devkms")
		s.User = cmp.Or(s.User, w.Default, "user")
		s.Login = cmp.Or(s.Login, 8*time.Hour)
	}
	if i := w.Instance; i != nil {
		i.ID = cmp.Or(i.ID, "i-0d00000000000000d")
		i.Tokens = cmp.Or(i.Tokens, imds.Optional)
		i.HopLimit, i.Hops = cmp.Or(i.HopLimit, 1), cmp.Or(i.Hops, 1)
	}
	if t := w.Task; t != nil {
		t.ID = cmp.Or(t.ID, "d0000000000000000000000000000000")
	}
	if p := w.Pod; p != nil {
		p.Cluster = cmp.Or(p.Cluster, "devkms")
		p.Namespace = cmp.Or(p.Namespace, "default")
		p.ServiceAccount = cmp.Or(p.ServiceAccount, "app")
		p.Name = cmp.Or(p.Name, "app-0")
	}
	if a := w.Anywhere; a != nil {
		a.CommonName = cmp.Or(a.CommonName, "devkms.example.com")
	}
}

// machines checks where identities come from.
func (c *checker) machines() {
	w := c.world
	if s := w.SSO; s != nil {
		c.require(strings.HasPrefix(s.StartURL, "https://"), fmt.Sprintf("%q is no https URL", s.StartURL), "sso", "start_url")
		c.require(awsname.IsRegion(s.Region), fmt.Sprintf("%q is no region's name", s.Region), "sso", "region")
		c.require(nameForm.Fits(s.Session), "the name of a session has 1 to 64 letters, digits or +=,.@_-", "sso", "session")
		c.require(nameForm.Fits(s.User), "a user's name has 1 to 64 letters, digits or +=,.@_-", "sso", "user")
	}
	for _, a := range w.Accounts {
		for _, p := range a.PermissionSets {
			at := []string{"accounts", a.ID, "permission_sets", p.Name}
			c.require(nameForm.Fits(p.Name) && len(p.Name) <= 32, "a permission set's name has 1 to 32 letters, digits or +=,.@_-", at...)
			c.policies(p.Policies, p.Boundary, at)
			c.require(p.Duration() >= 15*time.Minute && p.Duration() <= 12*time.Hour, "is between 900 and 43200 seconds", append(at, "session_duration")...)
		}
	}
	if i := w.Instance; i != nil {
		c.machineRole(i.Role, "instance")
		c.require(slices.Contains(imds.TokenModes(), i.Tokens), fmt.Sprintf("no way %q%s", i.Tokens, suggest.DidYouMean(i.Tokens, imds.TokenModes())), "instance", "tokens")
	}
	if w.Task != nil {
		c.machineRole(w.Task.Role, "task")
	}
	if w.Pod != nil {
		c.machineRole(w.Pod.Role, "pod")
	}
	if w.Anywhere != nil {
		c.machineRole(w.Anywhere.Role, "anywhere")
	}
	if w.Console != "" {
		_, u := w.FindUser(w.Console)
		c.require(u != nil, fmt.Sprintf("no user %q%s", w.Console, suggest.DidYouMean(w.Console, c.userNames())), "console")
	}
}

func (c *checker) machineRole(name, machine string) {
	if name == "" {
		return
	}
	_, r := c.world.FindRole(name)
	c.require(r != nil, fmt.Sprintf("no role %q", name), machine, "role")
}
