package awskms

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/awskey"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/internal/userfiles"
)

// A target is a key as a file names it, and how the file says to reach it.
type target struct {
	arn     awskey.ARN
	role    string
	profile string
	context map[string]string
	route   userfiles.Route // what the user's map says, zero if nothing
	mapped  bool
}

// target reads the fields of m. An ARN that brings its role along is split
// here as everywhere.
func (s *settings) target(m keeper.MasterKey) (target, error) {
	text, role := awskey.SplitRole(awskey.WithoutSpace(m.Text(awskey.FieldARN)))
	if own := m.Text(awskey.FieldRole); own != "" {
		role = own
	}
	arn, err := awskey.ParseARN(text)
	if err != nil {
		return target{}, err
	}
	t := target{arn: arn, role: role, profile: m.Text(awskey.FieldProfile), context: m.Map(awskey.FieldContext)}
	t.route, t.mapped = s.routes.Of(arn)
	t.mapped = t.mapped && !t.route.OnlyEndpoints
	return t, check(s.allow, t)
}

// arns returns the ARN of the key, followed by those of its siblings if it is
// a multi-Region key.
func (s *settings) arns(arn awskey.ARN) []awskey.ARN {
	all := []awskey.ARN{arn}
	if !arn.MultiRegion() {
		return all
	}
	for _, region := range s.siblings {
		if region != arn.Region {
			all = append(all, arn.In(region))
		}
	}
	return all
}

// An Origin says who proposed an identity.
type Origin string

// The origins of identities.
const (
	fromRun     Origin = "this run"
	fromMap     Origin = "sops/aws.yaml"
	fromFile    Origin = "the file"
	fromRule    Origin = "the destination rule"
	fromMachine Origin = "this machine"
)

// phrase follows the name of an identity in a sentence.
func (o Origin) phrase() string {
	switch o {
	case fromRun:
		return ", asked for by this run"
	case fromMap:
		return ", by " + string(fromMap)
	case fromFile:
		return ", named by the file"
	case fromRule:
		return ", named by the destination rule"
	}
	return ""
}

// An identity is what a call is made as: a profile, or "" for what the machine has,
// and the roles to assume from there.
type identity struct {
	origin  Origin
	profile string
	roles   []userfiles.Role
	kms     string // endpoints, if not the usual ones
	sts     string
}

func (id identity) role() string {
	if len(id.roles) == 0 {
		return ""
	}
	return id.roles[len(id.roles)-1].ARN
}

func (id identity) serials() []string {
	var all []string
	for _, h := range id.roles {
		if h.Serial != "" {
			all = append(all, h.Serial)
		}
	}
	return all
}

// same reports whether two identities are the same.
func (id identity) same(other identity) bool { return id.name() == other.name() }

// name is the identity as a text, which its sessions are kept under.
func (id identity) name() string {
	return fmt.Sprintf("%q %q %q %#v", id.profile, id.kms, id.sts, id.roles)
}

func (id identity) String() string {
	who := "the ambient credentials"
	if id.profile != "" {
		who = "profile " + hint.Line(id.profile)
	}
	for _, h := range id.roles {
		who += " in role " + hint.Line(h.ARN)
	}
	return who
}

// candidates returns the identities to try for t, in the order of the package comment.
func (s *settings) candidates(t target) []identity {
	file := hops(t.role)
	if s.noRole {
		file = nil
	}
	c := &candidates{t: t, ambient: s.ambient, hasDefault: s.hasDefault}
	profile, role := s.profile.of(t.arn.Account), hops(s.role.of(t.arn.Account))
	if s.noRole {
		role = nil
	}
	if role == nil && slices.Contains(s.keyRoles, t.role) {
		role = file // this run has named it, with the key
	}
	if s.strict {
		return c.only(profile, role, file)
	}
	if c.ofRun(profile, role, file) {
		return c.list
	}
	c.ofMap(s.noRole, file)
	if t.profile != "" {
		c.add(fromFile, t.profile, file)
		c.add(fromFile, t.profile, nil)
	}
	c.add(fromMachine, "", file)
	c.add(fromMachine, "", nil)
	return c.list
}

func hops(role string) []userfiles.Role {
	if role == "" {
		return nil
	}
	return []userfiles.Role{{ARN: role}}
}

// candidates collects identities and leaves out those that it has.
type candidates struct {
	t          target
	ambient    string
	hasDefault func() bool // whether there is a profile of that name
	list       []identity
}

func (c *candidates) add(from Origin, profile string, roles []userfiles.Role) {
	if profile == "" {
		profile = c.ambient
	}
	id := identity{origin: from, profile: profile, roles: roles, kms: c.t.route.KMS, sts: c.t.route.STS}
	if !slices.ContainsFunc(c.list, id.same) {
		c.list = append(c.list, id)
	}
}

// only is the one identity of --strict-identity.
func (c *candidates) only(profile string, role, file []userfiles.Role) []identity {
	from := fromFile
	switch {
	case profile != "" || role != nil:
		from = fromRun
	case c.t.profile == "":
		from = fromMachine
	}
	if profile == "" {
		profile = c.t.profile
	}
	if role == nil {
		role = file
	}
	c.add(from, profile, role)
	return c.list
}

// ofRun adds what flags and variables ask for, and reports whether they do:
// nothing else is tried then. A profile alone still assumes the role of the file
// if it may, as it would if the file named that profile; a role alone is assumed
// from the profile that the map has for the account, from that of the file, or
// from what the machine has.
func (c *candidates) ofRun(profile string, role, file []userfiles.Role) bool {
	given := profile != ""
	if profile == "default" && !c.hasDefault() {
		profile = "" // the name of what a machine has, which need not have a section
	}
	switch {
	case given && role != nil:
		c.add(fromRun, profile, role)
	case given:
		c.add(fromRun, profile, file)
		c.add(fromRun, profile, nil)
	case role != nil:
		for _, from := range []string{c.t.route.Profile, c.t.profile} {
			if from != "" {
				c.add(fromRun, from, role)
			}
		}
		c.add(fromRun, "", role)
	}
	return len(c.list) > 0
}

// ofMap adds what the user's map asks for.
func (c *candidates) ofMap(noRole bool, file []userfiles.Role) {
	r := c.t.route
	switch {
	case !c.t.mapped:
	case noRole || r.NoRole:
		c.add(fromMap, r.Profile, nil)
	case len(r.Roles) > 0:
		c.add(fromMap, r.Profile, r.Roles)
	default:
		c.add(fromMap, r.Profile, file)
		c.add(fromMap, r.Profile, nil)
	}
}

// noProfile says which profiles there are instead of the one that is not.
func noProfile(known []string) string {
	if len(known) == 0 {
		return "this machine has no profiles"
	}
	return "this machine has the profiles " + strings.Join(known, ", ")
}
