package devkms

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed-1f7fdfb8/sops/devkms/internal/awsname"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/iam"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/keystore"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/sts"
	"github.com/seed-1f7fdfb8/sops/internal/suggest"
)

// A worldError says which part of a world is wrong. Its path is that of the
// world file.
type worldError struct {
	path   []string
	reason string
}

func (e worldError) Error() string { return strings.Join(e.path, ".") + ": " + e.reason }

// fillIn sets what a world file may leave out.
func (w *World) fillIn() {
	if len(w.Regions) == 0 {
		w.Regions = []string{"us-east-1"}
	}
	for i := range w.Accounts {
		for j := range w.Accounts[i].Keys {
			k := &w.Accounts[i].Keys[j]
			if len(k.Regions) == 0 {
				k.Regions = []string{""}
			}
			if k.Regions[0] == "" {
				k.Regions = append([]string{w.Regions[0]}, k.Regions[1:]...)
			}
		}
		for j := range w.Accounts[i].Issuers {
			w.Accounts[i].Issuers[j].fillIn()
		}
		for _, u := range w.Accounts[i].Users {
			if w.Default == "" && u.Access.ID != "" {
				w.Default = u.Name
			}
		}
	}
}

func (i *Issuer) fillIn() {
	if len(i.Audiences) == 0 {
		i.Audiences = []string{"sts.amazonaws.com"}
	}
	if i.Subject == "" {
		i.Subject = "devkms-subject"
	}
}

// A checker collects what is wrong with a world.
type checker struct {
	world  *World
	errs   []worldError
	access map[string]bool // access key ids seen
	keys   map[string]bool // key ids seen
}

func (w *World) check() []worldError {
	c := &checker{world: w, access: map[string]bool{}, keys: map[string]bool{}}
	for i, r := range w.Regions {
		c.require(awsname.IsRegion(r), fmt.Sprintf("%q is no region's name", r), "regions", strconv.Itoa(i))
	}
	if w.Default != "" {
		_, u := w.user(w.Default)
		c.require(u != nil && u.Access.ID != "", fmt.Sprintf("no user %q with an access key%s", w.Default, suggest.DidYouMean(w.Default, c.userNames())), "default")
	}
	seen := map[string]bool{}
	for i := range w.Accounts {
		a := &w.Accounts[i]
		c.require(awsname.IsAccount(a.ID), "an account id has twelve digits", "accounts", a.ID)
		c.require(!seen[a.ID], "appears twice", "accounts", a.ID)
		seen[a.ID] = true
		c.account(a)
	}
	return c.errs
}

func (c *checker) require(ok bool, reason string, path ...string) {
	if !ok {
		c.errs = append(c.errs, worldError{slices.Clone(path), reason})
	}
}

func (c *checker) userNames() []string {
	var out []string
	for _, a := range c.world.Accounts {
		for _, u := range a.Users {
			out = append(out, u.Name)
		}
	}
	return out
}

func (c *checker) account(a *Account) {
	at := []string{"accounts", a.ID}
	c.accessKey(a.Root, append(at, "root"))
	for i := range a.Users {
		c.user(&a.Users[i], append(at, "users", a.Users[i].Name))
	}
	for i := range a.Roles {
		c.role(a, &a.Roles[i], append(at, "roles", a.Roles[i].Name))
	}
	for i, is := range a.Issuers {
		u, err := url.Parse(is.URL)
		c.require(err == nil && u.Scheme == "https" && u.Host != "", fmt.Sprintf("%q is no https URL", is.URL), append(at, "issuers", strconv.Itoa(i), "url")...)
		if is.PublicKey != "" {
			_, err := sts.ParsePublicKey(is.PublicKey)
			c.require(err == nil, fmt.Sprint(err), append(at, "issuers", strconv.Itoa(i), "public_key")...)
		}
	}
	c.levels(a.SCPs, (*iam.Policy).CheckControl, append(at, "service_control_policies"))
	c.levels(a.RCPs, (*iam.Policy).CheckResourceControl, append(at, "resource_control_policies"))
	c.require(a.Organization != "" || len(a.SCPs)+len(a.RCPs) == 0, "the account is in no organization whose policies it could have", append(at, "organization")...)
	aliases := map[string]bool{}
	for i := range a.Keys {
		c.key(a, &a.Keys[i], aliases, append(at, "keys", strconv.Itoa(i)))
	}
}

func (c *checker) levels(list []Level, check func(*iam.Policy) *iam.PolicyError, at []string) {
	for i, level := range list {
		for _, p := range level {
			c.policy(check(p.parsed), append(at, strconv.Itoa(i)))
		}
	}
}

func (c *checker) grant(g Grant, at []string) {
	for field, name := range map[string]string{"grantee": g.Grantee, "retiring": g.Retiring} {
		ok := name == "" && field == "retiring" || iam.ValidPrincipal(name) && (directory{c.world}).Exists(name)
		c.require(ok, fmt.Sprintf("no principal %q in the world%s", name, suggest.DidYouMean(name, directory{c.world}.ARNs())), append(at, field)...)
	}
	for i, o := range g.Operations {
		c.require(slices.Contains(iam.GrantOperations(), o), fmt.Sprintf("no operation %q of grants%s", o, suggest.DidYouMean(o, iam.GrantOperations())), append(at, "operations", strconv.Itoa(i))...)
	}
	c.require(len(g.Operations) > 0, "a grant has operations", append(at, "operations")...)
	c.require(g.ContextEquals == nil || g.ContextSubset == nil, "a grant has one constraint", append(at, "context_subset")...)
}

var accessKeyForm = awsname.NewForm(`^\w{16,128}$`)

func (c *checker) accessKey(k AccessKey, at []string) {
	if k == (AccessKey{}) {
		return
	}
	c.require(accessKeyForm.Fits(k.ID), "an access key id has 16 to 128 letters and digits", append(at, "access_key_id")...)
	c.require(!c.access[k.ID], fmt.Sprintf("access key id %q appears twice", k.ID), append(at, "access_key_id")...)
	c.require(k.Secret != "", "the access key has no secret", append(at, "secret_access_key")...)
	c.access[k.ID] = true
}

var nameForm = awsname.NewForm(`^[\w+=,.@-]{1,64}$`)

func (c *checker) user(u *User, at []string) {
	c.require(nameForm.Fits(u.Name), "a user's name has 1 to 64 letters, digits or +=,.@_-", at...)
	c.accessKey(u.Access, at)
	c.policies(u.Policies, u.Boundary, at)
}

func (c *checker) policies(list []*Policy, boundary *Policy, at []string) {
	for i, p := range list {
		c.policy(p.parsed.CheckIdentity(), append(at, "policies", strconv.Itoa(i)))
	}
	if boundary != nil {
		c.policy(boundary.parsed.CheckIdentity(), append(at, "permissions_boundary"))
	}
}

// policy reports what is wrong with a policy, whose path goes below at.
func (c *checker) policy(err *iam.PolicyError, at []string) {
	if err != nil {
		c.require(false, err.Reason, append(slices.Clone(at), err.Path...)...)
	}
}

func (c *checker) role(a *Account, r *Role, at []string) {
	c.require(nameForm.Fits(r.Name), "a role's name has 1 to 64 letters, digits or +=,.@_-", at...)
	c.require(r.Trust != nil, "a role needs a trust policy", at...)
	if r.Trust != nil {
		c.policy(r.Trust.parsed.CheckTrust(directory{c.world}), append(at, "trust"))
	}
	c.policies(r.Policies, r.Boundary, at)
	m := r.maxSession()
	c.require(m >= time.Hour && m <= 12*time.Hour, "is between 3600 and 43200 seconds", append(at, "max_session_duration")...)
	if s := r.Profile.Source; s != "" {
		_, u := c.world.user(s)
		_, o := c.world.role(s)
		c.require(u != nil || o != nil && o != r, fmt.Sprintf("no user or other role %q%s", s, suggest.DidYouMean(s, c.userNames())), append(at, "profile", "source")...)
	}
	if url := r.Profile.Issuer; url != "" {
		is := a.issuer(url)
		c.require(is != nil, fmt.Sprintf("the account has no issuer %q", url), append(at, "profile", "issuer")...)
		c.require(is == nil || is.PublicKey == "", fmt.Sprintf("devkms cannot make tokens of %q, which has a public key of its own", url), append(at, "profile", "issuer")...)
	}
}

func (c *checker) key(a *Account, k *Key, aliases map[string]bool, at []string) {
	c.require(awsname.IsKeyID(k.ID), fmt.Sprintf("%q is no key id: want a UUID, or mrk- and 32 hexadecimal digits", k.ID), append(at, "id")...)
	c.require(!c.keys[k.ID], fmt.Sprintf("key id %q appears twice", k.ID), append(at, "id")...)
	c.keys[k.ID] = true
	for i, r := range k.Regions {
		step := []string{"region"}
		if i > 0 {
			step = []string{"replica_regions", strconv.Itoa(i - 1)}
		}
		c.require(awsname.IsRegion(r), fmt.Sprintf("%q is no region's name", r), append(at, step...)...)
		c.require(!slices.Contains(k.Regions[:i], r), fmt.Sprintf("region %q appears twice", r), append(at, step...)...)
		for j, name := range k.Aliases {
			c.require(!aliases[r+name], fmt.Sprintf("%q is taken in %s", name, r), append(at, "aliases", strconv.Itoa(j))...)
			aliases[r+name] = true
		}
	}
	c.require(len(k.Regions) < 2 || strings.HasPrefix(k.ID, "mrk-"), "only a key whose id starts with mrk- has replicas", append(at, "replica_regions")...)
	for j, name := range k.Aliases {
		c.require(awsname.IsAlias(name) && !strings.HasPrefix(name, "alias/aws/"), fmt.Sprintf("%q is no alias: want alias/ and letters, digits or /_-", name), append(at, "aliases", strconv.Itoa(j))...)
	}
	c.require(k.State == "" || slices.Contains(keystore.States(), k.State), fmt.Sprintf("no state %q%s", k.State, suggest.DidYouMean(k.State, keystore.States())), append(at, "state")...)
	for i, g := range k.Grants {
		c.grant(g, append(at, "grants", strconv.Itoa(i)))
	}
	if k.Policy != nil {
		c.policy(k.Policy.parsed.CheckKey(directory{c.world}), append(at, "policy"))
	}
}
