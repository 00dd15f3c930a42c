package awskms

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path/filepath"
	"slices"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/atomicfile"
	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/internal/yamlread"
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
	root, err := yamlread.Parse(src)
	wrong := yamlread.Problem{}
	switch {
	case errors.Is(err, yamlread.ErrEmpty):
		return &userMap{}, nil
	case errors.As(err, &wrong):
		return nil, inMap(path, wrong)
	}
	r := yamlread.NewReader(len(src))
	u := &userMap{accounts: map[string]route{}, keys: map[string]route{}}
	yamlread.Fields(r, root, "the map", mapFields(), u)
	if len(r.Problems) > 0 {
		return nil, inMap(path, slices.MinFunc(r.Problems, func(a, b yamlread.Problem) int { return cmp.Compare(a.At.Line, b.At.Line) }))
	}
	return u, nil
}

// inMap returns a mistake in the map as its error.
func inMap(path string, p yamlread.Problem) *UsageError {
	if p.At.Line > 0 {
		path = fmt.Sprintf("%s: line %d", path, p.At.Line)
	}
	return &UsageError{Where: path, Reason: p.Msg, Hint: p.Hint}
}

// mapFields is the file as YAML has it.
func mapFields() []yamlread.Field[userMap] {
	return []yamlread.Field[userMap]{
		routes("accounts", awskey.IsAccount, "is not an account", func(u *userMap) map[string]route { return u.accounts }),
		routes("keys", isARN, "is not the ARN of a KMS key", func(u *userMap) map[string]route { return u.keys }),
		texts("mrk_regions", awskey.IsRegion, "is not a region", func(u *userMap) *[]string { return &u.siblings }),
		texts("allow_accounts", awskey.IsAccount, "is not an account", func(u *userMap) *[]string { return &u.allow.Accounts }),
		texts("allow_roles", isRole, "is not the ARN of a role", func(u *userMap) *[]string { return &u.allow.Roles }),
		texts("allow_profiles", isAny, "", func(u *userMap) *[]string { return &u.allow.Profiles }),
	}
}

func isARN(s string) bool  { _, err := awskey.ParseARN(s); return err == nil }
func isRole(s string) bool { return s != "" && awskey.CheckRole(s) == nil }
func isAny(string) bool    { return true }

// routes is a field that has a route for each name.
func routes(name string, valid func(string) bool, reason string, of func(*userMap) map[string]route) yamlread.Field[userMap] {
	return yamlread.Field[userMap]{Name: name, Read: func(r *yamlread.Reader, n yamlread.Node, u *userMap) {
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
	way   route // but for its roles
	roles []string
	hop   hop // what holds for them
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
		text("profile", func(e *mapEntry) *string { return &e.way.profile }),
		texts("role", isRole, "is not the ARN of a role", func(e *mapEntry) *[]string { return &e.roles }),
		{Name: "no_assume_role", Read: func(r *yamlread.Reader, n yamlread.Node, e *mapEntry) { e.way.noRole, _ = r.Bool(n, "no_assume_role") }},
		text("external_id", func(e *mapEntry) *string { return &e.hop.externalID }),
		text("session_name", func(e *mapEntry) *string { return &e.hop.sessionName }),
		{Name: "duration", Read: func(r *yamlread.Reader, n yamlread.Node, e *mapEntry) {
			t := r.Text(n, "duration")
			d, err := time.ParseDuration(t.Value)
			if t.Value != "" && err != nil {
				r.FailAt(t.At, "", "%q is not a duration, such as 1h or 900s", t.Value)
			}
			e.hop.duration = d
		}},
		{Name: "tags", Read: func(r *yamlread.Reader, n yamlread.Node, e *mapEntry) {
			for name, t := range r.Pairs(n, "tags") {
				if e.hop.tags == nil {
					e.hop.tags = map[string]string{}
				}
				e.hop.tags[name] = t.Value
			}
		}},
		text("mfa_serial", func(e *mapEntry) *string { return &e.hop.serial }),
		endpoint("endpoint", func(e *mapEntry) *string { return &e.way.kms }),
		endpoint("sts_endpoint", func(e *mapEntry) *string { return &e.way.sts }),
	}
}

// route returns the entry as a route. The MFA code goes with the first role, and
// what only the last one asks for with that.
func (e mapEntry) route() route {
	out := e.way
	for _, role := range e.roles {
		out.roles = append(out.roles, hop{role: role, sessionName: e.hop.sessionName})
	}
	if n := len(out.roles); n > 0 {
		first, last := &out.roles[0], &out.roles[n-1]
		first.serial = e.hop.serial
		last.externalID, last.tags, last.duration = e.hop.externalID, e.hop.tags, e.hop.duration
	}
	out.onlyEndpoints = out.profile == "" && len(out.roles) == 0 && !out.noRole
	return out
}
