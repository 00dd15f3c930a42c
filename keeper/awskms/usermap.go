package awskms

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/seed-1f7fdfb8/sops/internal/atomicfile"
	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/awskey"
)

// A userMap says how this user reaches accounts and keys:
//
//	accounts:
//	  "111122223333":
//	    profile: prod
//	  "444455556666":
//	    role: arn:aws:iam::444455556666:role/ops # or a list, a chain
//	    external_id: shared-word
//	    duration: 1h
//	    mfa_serial: arn:aws:iam::111122223333:mfa/ann
//	keys:
//	  arn:aws:kms:eu-west-1:111122223333:alias/a: {profile: other}
//	mrk_regions: [us-west-2]
//	allow_accounts: ["111122223333", "444455556666"]
//
// In a chain of roles the MFA code goes with the first; external id, duration
// and tags go with the last.
type userMap struct {
	accounts map[string]route
	keys     map[string]route
	siblings []string
	allow    allowList
}

// A route is how one account or key is reached.
type route struct {
	profile       string
	roles         []hop
	noRole        bool
	kms, sts      string // endpoints
	onlyEndpoints bool   // it says where, not under which identity
}

// A hop is a role to assume.
type hop struct {
	role        string
	externalID  string
	sessionName string
	duration    time.Duration
	tags        map[string]string
	serial      string
}

func (u *userMap) of(arn awskey.ARN) (route, bool) {
	if r, ok := u.keys[arn.Text]; ok {
		return r, true
	}
	r, ok := u.accounts[arn.Account]
	return r, ok
}

// The types that follow are the file as YAML has it.

// scalar is a text that remembers its line.
type scalar struct {
	Value string
	Line  int
}

func (t *scalar) UnmarshalYAML(n *yaml.Node) error {
	t.Line = n.Line
	return n.Decode(&t.Value)
}

// scalars is one scalar or a list of scalars.
type scalars []scalar

func (t *scalars) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.SequenceNode {
		return n.Decode((*[]scalar)(t))
	}
	var one scalar
	err := n.Decode(&one)
	*t = scalars{one}
	return err
}

type mapFile struct {
	Accounts map[scalar]mapEntry `yaml:"accounts"`
	Keys     map[scalar]mapEntry `yaml:"keys"`
	Regions  scalars             `yaml:"mrk_regions"`
	Allow    scalars             `yaml:"allow_accounts"`
	Roles    scalars             `yaml:"allow_roles"`
	Profiles scalars             `yaml:"allow_profiles"`
}

type mapEntry struct {
	Profile      string            `yaml:"profile"`
	Role         scalars           `yaml:"role"`
	NoAssumeRole bool              `yaml:"no_assume_role"`
	ExternalID   string            `yaml:"external_id"`
	SessionName  string            `yaml:"session_name"`
	Duration     scalar            `yaml:"duration"`
	Tags         map[string]string `yaml:"tags"`
	MFASerial    string            `yaml:"mfa_serial"`
	Endpoint     scalar            `yaml:"endpoint"`
	STSEndpoint  scalar            `yaml:"sts_endpoint"`
}

// loadMap reads the user's map; without a file it is empty.
func loadMap(e env.Env) (*userMap, error) {
	dir := e.ConfigHome()
	if dir == "" {
		return &userMap{}, nil
	}
	path := filepath.Join(dir, "sops", "aws.yaml")
	src, err := readFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return &userMap{}, nil
	}
	if err != nil {
		return nil, &UsageError{Where: path, Reason: err.Error()}
	}
	return parseMap(path, src)
}

// maxFile is more than any map or file of certificates has, in bytes.
const maxFile = 16 << 20

// readFile reads a file of the user. A named pipe would keep the process waiting,
// and a device for ever. The error does not name the path.
func readFile(path string) ([]byte, error) {
	src, err := atomicfile.ReadAtMost(path, maxFile)
	var outer *atomicfile.Error
	if errors.As(err, &outer) {
		err = outer.Err
	}
	var inner *fs.PathError
	if errors.As(err, &inner) {
		err = inner.Err
	}
	return src, err
}

func parseMap(path string, src []byte) (*userMap, error) {
	var f mapFile
	d := yaml.NewDecoder(bytes.NewReader(src))
	d.KnownFields(true)
	if err := d.Decode(&f); err != nil && !errors.Is(err, io.EOF) {
		return nil, &UsageError{Where: path, Reason: yamlReason(err)}
	}
	if err := d.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, &UsageError{Where: path, Reason: "it holds more than one document"}
	}
	u, err := f.check()
	if err != nil {
		err.Where = path + err.Where
		return nil, err
	}
	return u, nil
}

// yamlReason makes the decoder's words one line and leaves out Go's types.
func yamlReason(err error) string {
	var types *yaml.TypeError
	if !errors.As(err, &types) {
		return strings.TrimPrefix(err.Error(), "yaml: ")
	}
	var reasons []string
	for _, r := range types.Errors {
		r, _, _ = strings.Cut(r, " in type ")
		r, _, _ = strings.Cut(r, " into ")
		reasons = append(reasons, r)
	}
	return strings.Join(reasons, "; ")
}

func wrong(t scalar, reason string) *UsageError {
	return &UsageError{Where: fmt.Sprintf(": line %d", t.Line), Reason: fmt.Sprintf("%q %s", t.Value, reason)}
}

func (f mapFile) check() (*userMap, *UsageError) {
	u := &userMap{accounts: map[string]route{}, keys: map[string]route{}}
	for id, entry := range f.Accounts {
		if !awskey.IsAccount(id.Value) {
			return nil, wrong(id, "is not an account")
		}
		r, err := entry.route()
		if err != nil {
			return nil, err
		}
		u.accounts[id.Value] = r
	}
	for id, entry := range f.Keys {
		if _, err := awskey.ParseARN(id.Value); err != nil {
			return nil, wrong(id, "is not the ARN of a KMS key")
		}
		r, err := entry.route()
		if err != nil {
			return nil, err
		}
		u.keys[id.Value] = r
	}
	return u, f.lists(u)
}

func (f mapFile) lists(u *userMap) *UsageError {
	for _, region := range f.Regions {
		if !awskey.IsRegion(region.Value) {
			return wrong(region, "is not a region")
		}
		u.siblings = append(u.siblings, region.Value)
	}
	for _, account := range f.Allow {
		if !awskey.IsAccount(account.Value) {
			return wrong(account, "is not an account")
		}
		u.allow.Accounts = append(u.allow.Accounts, account.Value)
	}
	for _, role := range f.Roles {
		if awskey.CheckRole(role.Value) != nil {
			return wrong(role, "is not the ARN of a role")
		}
		u.allow.Roles = append(u.allow.Roles, role.Value)
	}
	for _, profile := range f.Profiles {
		u.allow.Profiles = append(u.allow.Profiles, profile.Value)
	}
	return nil
}

func (e mapEntry) route() (route, *UsageError) {
	r := route{profile: e.Profile, noRole: e.NoAssumeRole, kms: e.Endpoint.Value, sts: e.STSEndpoint.Value}
	for _, endpoint := range []scalar{e.Endpoint, e.STSEndpoint} {
		u, err := url.Parse(endpoint.Value)
		if endpoint.Value != "" && (err != nil || u.Host == "") {
			return r, wrong(endpoint, "is not the URL of an endpoint")
		}
	}
	for _, role := range e.Role {
		if role.Value == "" || awskey.CheckRole(role.Value) != nil {
			return r, wrong(role, "is not the ARN of a role")
		}
		r.roles = append(r.roles, hop{role: role.Value, sessionName: e.SessionName})
	}
	if n := len(r.roles); n > 0 {
		first, last := &r.roles[0], &r.roles[n-1]
		first.serial = e.MFASerial
		last.externalID, last.tags = e.ExternalID, e.Tags
		if e.Duration.Value != "" {
			d, err := time.ParseDuration(e.Duration.Value)
			if err != nil {
				return r, wrong(e.Duration, "is not a duration, such as 1h or 900s")
			}
			last.duration = d
		}
	}
	r.onlyEndpoints = r.profile == "" && len(r.roles) == 0 && !r.noRole
	return r, nil
}
