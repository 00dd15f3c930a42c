package identity

import (
	"fmt"
	"slices"

	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/awskey"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/internal/userfiles"
)

// newAllowList returns what files may name. A file decides which key is used and
// under which identity, and whoever can change the file can change that.
func newAllowList(e env.Env, mapped userfiles.AllowList) (userfiles.AllowList, error) {
	a := userfiles.AllowList{
		Accounts: list(e.Get("SOPS_AWS_ALLOW_ACCOUNTS")),
		Roles:    list(e.Get("SOPS_AWS_ALLOW_ROLES")),
		Profiles: list(e.Get("SOPS_AWS_ALLOW_PROFILES")),
	}
	for _, account := range a.Accounts {
		if !awskey.IsAccount(account) {
			return a, &userfiles.Error{Where: "SOPS_AWS_ALLOW_ACCOUNTS", Reason: fmt.Sprintf("%q is not an account", account)}
		}
	}
	// Both lists are in force: a variable cannot widen what the map allows.
	a.Accounts = narrow(a.Accounts, mapped.Accounts)
	a.Roles = narrow(a.Roles, mapped.Roles)
	a.Profiles = narrow(a.Profiles, mapped.Profiles)
	return a, nil
}

// narrow returns what both lists allow. If they have nothing in common nothing
// is allowed, which an empty list would not say.
func narrow(a, b []string) []string {
	if len(a) == 0 || len(b) == 0 {
		return slices.Concat(a, b)
	}
	both := slices.DeleteFunc(slices.Clone(a), func(s string) bool { return !slices.Contains(b, s) })
	if len(both) == 0 {
		return []string{""}
	}
	return both
}

func permits(list []string, name string) bool {
	return name == "" || len(list) == 0 || slices.Contains(list, name)
}

// check refuses a target that names what is not allowed.
func check(a userfiles.AllowList, t Target) error {
	owner, ok := awskey.RoleAccount(t.Role)
	if t.Role != "" && !ok {
		owner = "unknown" // what cannot be read has no owner
	}
	refuse := func(what, name, variable, field string) error {
		return &RefusedError{ARN: t.ARN.Text, What: what + " " + name, Hint: fmt.Sprintf("if %s is meant, add it to %s, or to %s in sops/aws.yaml", name, variable, field)}
	}
	switch {
	case !permits(a.Accounts, t.ARN.Account):
		return refuse("account", t.ARN.Account, "SOPS_AWS_ALLOW_ACCOUNTS", "allow_accounts")
	case !permits(a.Accounts, owner):
		return refuse("role of account", owner, "SOPS_AWS_ALLOW_ACCOUNTS", "allow_accounts")
	case !permits(a.Roles, t.Role):
		return refuse("role", t.Role, "SOPS_AWS_ALLOW_ROLES", "allow_roles")
	case !permits(a.Profiles, t.Profile):
		return refuse("profile", t.Profile, "SOPS_AWS_ALLOW_PROFILES", "allow_profiles")
	}
	return nil
}

// A RefusedError is a key that the allow-list does not let this program touch.
// Nothing was sent.
type RefusedError struct {
	ARN  string
	What string
	Hint string
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("AWS KMS key %s: %s is not allowed here", e.ARN, e.What)
}

// Hints returns how to allow it.
func (e *RefusedError) Hints() []string { return []string{e.Hint} }
