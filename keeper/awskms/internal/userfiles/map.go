// Package userfiles reads the files in which users say how they reach AWS: the
// shared configuration of the AWS tools, with the certificates that it names, and
// a map of their own, sops/aws.yaml.
package userfiles

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"path/filepath"
	"slices"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/atomicfile"
	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/internal/yamlread"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/awskey"
)

// A Map says how this user reaches accounts and keys:
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
// In a chain of roles the MFA code and the source identity go with the first;
// external id and duration go with the last, and so do tags, unless they are
// transitive: those go with the first and follow the chain.
type Map struct {
	accounts map[string]Route
	keys     map[string]Route
	Siblings []string // regions of multi-Region keys
	STS      []string // regions whose STS may be asked
	Cache    bool     // sessions of roles are kept on disk
	Allow    AllowList
}

// A Route is how one account or key is reached.
type Route struct {
	Profile       string
	Roles         []Role
	NoRole        bool
	KMS, STS      string // endpoints
	OnlyEndpoints bool   // it says where, not under which identity
}

// A Role is a role to assume.
type Role struct {
	ARN         string
	ExternalID  string
	SessionName string
	Duration    time.Duration
	Tags        map[string]string
	Transitive  []string // tags that the sessions of the roles after it keep
	Serial      string   // of the MFA device that it asks for

	SourceIdentity string // which all sessions after it keep
}

func (r *Role) tag(name, value string) {
	if r.Tags == nil {
		r.Tags = map[string]string{}
	}
	r.Tags[name] = value
}

// An AllowList says what files may name. An empty list allows everything.
type AllowList struct {
	Accounts []string // of keys and roles
	Roles    []string
	Profiles []string
}

// An Error is a flag, a variable or a line of the map that cannot be meant as it
// is, or a map that cannot be read.
type Error struct {
	Where  string // --aws-role, SOPS_AWS_ROLE, .../aws.yaml: line 3
	Reason string
	Hint   string
}

func (e *Error) Error() string { return e.Where + ": " + e.Reason }

// Of returns how a key is reached, and whether the map says so.
func (u *Map) Of(arn awskey.ARN) (Route, bool) {
	if r, ok := u.keys[arn.Text]; ok {
		return r, true
	}
	r, ok := u.accounts[arn.Account]
	return r, ok
}

// Accounts lists the accounts that are reached in a way of their own.
func (u *Map) Accounts() []string { return slices.Sorted(maps.Keys(u.accounts)) }

// LoadMap reads the user's map; without a file it is empty.
func LoadMap(e env.Env) (*Map, error) {
	dir := e.ConfigHome()
	if dir == "" {
		return &Map{}, nil
	}
	path := filepath.Join(dir, "sops", "aws.yaml")
	src, err := readFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return &Map{}, nil
	}
	if err != nil {
		return nil, &Error{Where: path, Reason: err.Error()}
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

func parseMap(path string, src []byte) (*Map, error) {
	root, err := yamlread.Parse(src)
	wrong := yamlread.Problem{}
	switch {
	case errors.Is(err, yamlread.ErrEmpty):
		return &Map{}, nil
	case errors.As(err, &wrong):
		return nil, inMap(path, wrong)
	}
	r := yamlread.NewReader(len(src))
	u := &Map{accounts: map[string]Route{}, keys: map[string]Route{}}
	yamlread.Fields(r, root, "the map", mapFields(), u)
	if len(r.Problems) > 0 {
		return nil, inMap(path, slices.MinFunc(r.Problems, func(a, b yamlread.Problem) int { return cmp.Compare(a.At.Line, b.At.Line) }))
	}
	return u, nil
}

// inMap returns a mistake in the map as its error.
func inMap(path string, p yamlread.Problem) *Error {
	if p.At.Line > 0 {
		path = fmt.Sprintf("%s: line %d", path, p.At.Line)
	}
	return &Error{Where: path, Reason: p.Msg, Hint: p.Hint}
}

// mapFields is the file as YAML has it.
func mapFields() []yamlread.Field[Map] {
	return []yamlread.Field[Map]{
		routes("accounts", awskey.IsAccount, "is not an account", func(u *Map) map[string]Route { return u.accounts }),
		routes("keys", isARN, "is not the ARN of a KMS key", func(u *Map) map[string]Route { return u.keys }),
		texts("mrk_regions", awskey.IsRegion, "is not a region", func(u *Map) *[]string { return &u.Siblings }),
		texts("sts_regions", awskey.IsRegion, "is not a region", func(u *Map) *[]string { return &u.STS }),
		{Name: "session_cache", Read: func(r *yamlread.Reader, n yamlread.Node, u *Map) { u.Cache, _ = r.Bool(n, "session_cache") }},
		texts("allow_accounts", awskey.IsAccount, "is not an account", func(u *Map) *[]string { return &u.Allow.Accounts }),
		texts("allow_roles", isRole, "is not the ARN of a role", func(u *Map) *[]string { return &u.Allow.Roles }),
		texts("allow_profiles", isAny, "", func(u *Map) *[]string { return &u.Allow.Profiles }),
	}
}

func isARN(s string) bool  { _, err := awskey.ParseARN(s); return err == nil }
func isRole(s string) bool { return s != "" && awskey.CheckRole(s) == nil }
func isAny(string) bool    { return true }

// routes is a field that has a route for each name.
func routes(name string, valid func(string) bool, reason string, of func(*Map) map[string]Route) yamlread.Field[Map] {
	return yamlread.Field[Map]{Name: name, Read: func(r *yamlread.Reader, n yamlread.Node, u *Map) {
		for _, e := range r.Entries(n, name) {
			if !valid(e.Name) {
				r.Fail(e.Key, "", "%q %s", e.Name, reason)
			}
			var in mapEntry
			yamlread.Fields(r, e.Value, fmt.Sprintf("%q in %s", e.Name, name), entryFields(), &in)
			of(u)[e.Name] = in.route()
		}
	}}
}

// texts is a field of valid texts.
func texts[T any](name string, valid func(string) bool, reason string, of func(*T) *[]string) yamlread.Field[T] {
	return yamlread.Field[T]{Name: name, Read: func(r *yamlread.Reader, n yamlread.Node, into *T) {
		for _, t := range r.Texts(n, name) {
			if !valid(t.Value) {
				r.FailAt(t.At, "", "%q %s", t.Value, reason)
			}
			*of(into) = append(*of(into), t.Value)
		}
	}}
}

// A mapEntry is what the map says of one account or key.
type mapEntry struct {
	way   Route // but for its roles
	roles []string
	hop   Role // what holds for them
	keep  []string
}

func entryFields() []yamlread.Field[mapEntry] {
	text := func(name string, of func(*mapEntry) *string) yamlread.Field[mapEntry] {
		return yamlread.Field[mapEntry]{Name: name, Read: func(r *yamlread.Reader, n yamlread.Node, e *mapEntry) { *of(e) = r.Text(n, name).Value }}
	}
	endpoint := func(name string, of func(*mapEntry) *string) yamlread.Field[mapEntry] {
		return yamlread.Field[mapEntry]{Name: name, Read: func(r *yamlread.Reader, n yamlread.Node, e *mapEntry) {
			t := r.Text(n, name)
			if u, err := url.Parse(t.Value); t.Value != "" && (err != nil || u.Host == "") {
				r.FailAt(t.At, "", "%q is not the URL of an endpoint", t.Value)
			}
			*of(e) = t.Value
		}}
	}
	return []yamlread.Field[mapEntry]{
		text("profile", func(e *mapEntry) *string { return &e.way.Profile }),
		texts("role", isRole, "is not the ARN of a role", func(e *mapEntry) *[]string { return &e.roles }),
		{Name: "no_assume_role", Read: func(r *yamlread.Reader, n yamlread.Node, e *mapEntry) { e.way.NoRole, _ = r.Bool(n, "no_assume_role") }},
		text("external_id", func(e *mapEntry) *string { return &e.hop.ExternalID }),
		text("session_name", func(e *mapEntry) *string { return &e.hop.SessionName }),
		{Name: "duration", Read: func(r *yamlread.Reader, n yamlread.Node, e *mapEntry) {
			t := r.Text(n, "duration")
			d, err := time.ParseDuration(t.Value)
			if t.Value != "" && err != nil {
				r.FailAt(t.At, "", "%q is not a duration, such as 1h or 900s", t.Value)
			}
			e.hop.Duration = d
		}},
		{Name: "tags", Read: func(r *yamlread.Reader, n yamlread.Node, e *mapEntry) {
			for name, t := range r.Pairs(n, "tags") {
				e.hop.tag(name, t.Value)
			}
		}},
		texts("transitive_tags", isAny, "", func(e *mapEntry) *[]string { return &e.keep }),
		text("source_identity", func(e *mapEntry) *string { return &e.hop.SourceIdentity }),
		text("mfa_serial", func(e *mapEntry) *string { return &e.hop.Serial }),
		endpoint("endpoint", func(e *mapEntry) *string { return &e.way.KMS }),
		endpoint("sts_endpoint", func(e *mapEntry) *string { return &e.way.STS }),
	}
}

// route returns the entry as a route. The MFA code goes with the first role, and
// what only the last one asks for with that.
func (e mapEntry) route() Route {
	out := e.way
	for _, role := range e.roles {
		out.Roles = append(out.Roles, Role{ARN: role, SessionName: e.hop.SessionName})
	}
	if n := len(out.Roles); n > 0 {
		first, last := &out.Roles[0], &out.Roles[n-1]
		first.Serial, first.SourceIdentity, first.Transitive = e.hop.Serial, e.hop.SourceIdentity, e.keep
		last.ExternalID, last.Duration = e.hop.ExternalID, e.hop.Duration
		for name, value := range e.hop.Tags {
			if slices.Contains(e.keep, name) {
				first.tag(name, value)
			} else {
				last.tag(name, value)
			}
		}
	}
	out.OnlyEndpoints = out.Profile == "" && len(out.Roles) == 0 && !out.NoRole
	return out
}
