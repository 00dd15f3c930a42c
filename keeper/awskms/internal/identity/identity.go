package identity

import (
	"fmt"
	"slices"

	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/awskey"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/internal/userfiles"
)

// A Target is a key as a file names it, and how the file says to reach it.
type Target struct {
	ARN     awskey.ARN
	Role    string
	Profile string
	Context map[string]string
	Route   userfiles.Route // what the user's map says, zero if nothing
	Mapped  bool
}

// Target reads the fields of m. An ARN that brings its role along is split
// here as everywhere.
func (s *Settings) Target(m keeper.MasterKey) (Target, error) {
	text, role := awskey.SplitRole(awskey.WithoutSpace(m.Text(awskey.FieldARN)))
	if own := m.Text(awskey.FieldRole); own != "" {
		role = own
	}
	arn, err := awskey.ParseARN(text)
	if err != nil {
		return Target{}, err
	}
	t := Target{ARN: arn, Role: role, Profile: m.Text(awskey.FieldProfile), Context: m.Map(awskey.FieldContext)}
	t.Route, t.Mapped = s.routes.Of(arn)
	t.Mapped = t.Mapped && !t.Route.OnlyEndpoints
	return t, check(s.allow, t)
}

// ARNs returns the ARN of the key, followed by those of its siblings if it is
// a multi-Region key.
func (s *Settings) ARNs(arn awskey.ARN) []awskey.ARN {
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
	FromRun     Origin = "this run"
	FromMap     Origin = "sops/aws.yaml"
	FromFile    Origin = "the file"
	FromRule    Origin = "the destination rule"
	FromMachine Origin = "this machine"
)

// Phrase follows the name of an identity in a sentence.
func (o Origin) Phrase() string {
	switch o {
	case FromRun:
		return ", asked for by this run"
	case FromMap:
		return ", by " + string(FromMap)
	case FromFile:
		return ", named by the file"
	case FromRule:
		return ", named by the destination rule"
	}
	return ""
}

// An Identity is what a call is made as: a profile, or "" for what the machine has,
// and the roles to assume from there.
type Identity struct {
	Origin  Origin
	Profile string
	Roles   []userfiles.Role
	KMS     string // endpoints, if not the usual ones
	STS     string
}

// Role returns the ARN of the last role, or "".
func (id Identity) Role() string {
	if len(id.Roles) == 0 {
		return ""
	}
	return id.Roles[len(id.Roles)-1].ARN
}

// Serials returns the MFA devices that the roles ask for.
func (id Identity) Serials() []string {
	var all []string
	for _, h := range id.Roles {
		if h.Serial != "" {
			all = append(all, h.Serial)
		}
	}
	return all
}

// same reports whether two identities are the same.
func (id Identity) same(other Identity) bool { return id.Name() == other.Name() }

// Name is the identity as a text, which its sessions are kept under.
func (id Identity) Name() string {
	return fmt.Sprintf("%q %q %q %#v", id.Profile, id.KMS, id.STS, id.Roles)
}

func (id Identity) String() string {
	who := "the ambient credentials"
	if id.Profile != "" {
		who = "profile " + hint.Line(id.Profile)
	}
	for _, h := range id.Roles {
		who += " in role " + hint.Line(h.ARN)
	}
	return who
}

// Candidates returns the identities to try for t, in this order: what the run asks for,
// alone; the user's map; the profile of the file and its role; what the machine has, in the role of the file; that alone.
func (s *Settings) Candidates(t Target) []Identity {
	file := Hops(t.Role)
	if s.NoRole {
		file = nil
	}
	c := &candidates{t: t, ambient: s.Ambient, hasDefault: s.HasDefault}
	profile, role := s.Profile.of(t.ARN.Account), Hops(s.Role.of(t.ARN.Account))
	if s.NoRole {
		role = nil
	}
	if role == nil && slices.Contains(s.keyRoles, t.Role) {
		role = file // this run has named it, with the key
	}
	if s.strict {
		return c.only(profile, role, file)
	}
	if c.ofRun(profile, role, file) {
		return c.list
	}
	c.ofMap(s.NoRole, file)
	if t.Profile != "" {
		c.add(FromFile, t.Profile, file)
		c.add(FromFile, t.Profile, nil)
	}
	c.add(FromMachine, "", file)
	c.add(FromMachine, "", nil)
	return c.list
}

// Hops returns a role as a chain of one; of "" it is empty.
func Hops(role string) []userfiles.Role {
	if role == "" {
		return nil
	}
	return []userfiles.Role{{ARN: role}}
}

// candidates collects identities and leaves out those that it has.
type candidates struct {
	t          Target
	ambient    string
	hasDefault func() bool // whether there is a profile of that name
	list       []Identity
}

func (c *candidates) add(from Origin, profile string, roles []userfiles.Role) {
	if profile == "" {
		profile = c.ambient
	}
	id := Identity{Origin: from, Profile: profile, Roles: roles, KMS: c.t.Route.KMS, STS: c.t.Route.STS}
	if !slices.ContainsFunc(c.list, id.same) {
		c.list = append(c.list, id)
	}
}

// only is the one identity of --strict-identity.
func (c *candidates) only(profile string, role, file []userfiles.Role) []Identity {
	from := FromFile
	switch {
	case profile != "" || role != nil:
		from = FromRun
	case c.t.Profile == "":
		from = FromMachine
	}
	if profile == "" {
		profile = c.t.Profile
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
		c.add(FromRun, profile, role)
	case given:
		c.add(FromRun, profile, file)
		c.add(FromRun, profile, nil)
	case role != nil:
		for _, from := range []string{c.t.Route.Profile, c.t.Profile} {
			if from != "" {
				c.add(FromRun, from, role)
			}
		}
		c.add(FromRun, "", role)
	}
	return len(c.list) > 0
}

// ofMap adds what the user's map asks for.
func (c *candidates) ofMap(noRole bool, file []userfiles.Role) {
	r := c.t.Route
	switch {
	case !c.t.Mapped:
	case noRole || r.NoRole:
		c.add(FromMap, r.Profile, nil)
	case len(r.Roles) > 0:
		c.add(FromMap, r.Profile, r.Roles)
	default:
		c.add(FromMap, r.Profile, file)
		c.add(FromMap, r.Profile, nil)
	}
}
