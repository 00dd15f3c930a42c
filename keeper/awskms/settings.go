package awskms

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/awskey"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/internal/userfiles"
)

// settings are the options of the run with the variables of the same meaning
// and the user's map, checked.
type settings struct {
	profile, role  choices
	noRole, strict bool
	keyRoles       []string
	mfaToken       string
	sessionName    string
	attempts       int
	allow          userfiles.AllowList
	siblings       []string // regions of multi-Region keys
	ambient        string   // the profile that the environment chooses, or ""
	routes         *userfiles.Map
	hasDefault     func() bool // whether there is a profile called default
}

// A UsageError is a flag, a variable or a line of the user's map that cannot
// be meant as it is.
type UsageError struct {
	Where  string // --aws-role, SOPS_AWS_ROLE, .../aws.yaml: line 3
	Reason string
	Hint   string
}

func (e *UsageError) Error() string { return e.Where + ": " + e.Reason }

// Hints returns what to write instead.
func (e *UsageError) Hints() []string {
	if e.Hint == "" {
		return nil
	}
	return []string{e.Hint}
}

func newSettings(o Options) (*settings, error) {
	routes, err := userfiles.LoadMap(o.Env)
	if wrong := (*userfiles.Error)(nil); errors.As(err, &wrong) {
		return nil, &UsageError{Where: wrong.Where, Reason: wrong.Reason, Hint: wrong.Hint}
	}
	s := &settings{routes: routes, ambient: userfiles.AmbientProfile(o.Env), mfaToken: env.Env(o.Env).Get("SOPS_AWS_MFA_TOKEN")}
	s.hasDefault = sync.OnceValue(func() bool { return slices.Contains(userfiles.ProfileNames(o.Env), "default") })
	s.sessionName = cmp.Or(env.Env(o.Env).Get("AWS_ROLE_SESSION_NAME"), sessionName(o.HostName))
	if s.profile, err = newChoices(o, "profile", o.Profile, nil); err != nil {
		return nil, err
	}
	if s.role, err = newChoices(o, "role", o.Role, awskey.CheckRole); err != nil {
		return nil, err
	}
	s.keyRoles = o.KeyRoles
	if s.noRole, err = truth(o.Env, "SOPS_AWS_NO_ASSUME_ROLE", o.NoAssumeRole); err != nil {
		return nil, err
	}
	if s.strict, err = truth(o.Env, "SOPS_AWS_STRICT_IDENTITY", o.Strict); err != nil {
		return nil, err
	}
	if s.attempts, err = attempts(o); err != nil {
		return nil, err
	}
	if s.siblings, err = siblings(o.Env, routes.Siblings); err != nil {
		return nil, err
	}
	s.allow, err = newAllowList(o.Env, routes.Allow)
	return s, err
}

// choices is a text for the keys of an account, and under "" one for all.
type choices map[string]string

func (c choices) of(account string) string { return cmp.Or(c[account], c[""]) }

// newChoices reads TEXT and ACCOUNT=TEXT, first of the flags, then of the
// variable, whose items commas separate. What comes first wins.
func newChoices(o Options, name string, flags []string, check func(string) error) (choices, error) {
	variable := "SOPS_AWS_" + strings.ToUpper(name)
	c := choices{}
	if err := c.add("--aws-"+name, flags, check); err != nil {
		return nil, err
	}
	if c[""] != "" {
		return c, nil // a flag for all keys leaves no room for the variable
	}
	return c, c.add(variable, list(env.Env(o.Env).Get(variable)), check)
}

func (c choices) add(where string, items []string, check func(string) error) error {
	for _, item := range items {
		account, text, ok := strings.Cut(item, "=")
		if !ok || !awskey.IsAccount(account) {
			account, text = "", item
		}
		if text == "" {
			return &UsageError{Where: where, Reason: fmt.Sprintf("%q names nothing", item)}
		}
		if check != nil {
			if err := check(text); err != nil {
				return &UsageError{Where: where, Reason: err.Error(), Hint: "write arn:aws:iam::ACCOUNT:role/NAME"}
			}
		}
		if c[account] == "" {
			c[account] = text
		}
	}
	return nil
}

// list splits at commas and drops blanks around items, and empty ones.
func list(text string) []string {
	var items []string
	for item := range strings.SplitSeq(text, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}

func truth(e env.Env, name string, flag bool) (bool, error) {
	text := e.Get(name)
	if flag || text == "" {
		return flag, nil
	}
	v, err := strconv.ParseBool(text)
	if err != nil {
		return false, &UsageError{Where: name, Reason: fmt.Sprintf("%q is neither true nor false", text)}
	}
	return v, nil
}

func attempts(o Options) (int, error) {
	const usual = 3
	text := env.Env(o.Env).Get("AWS_MAX_ATTEMPTS")
	if o.Attempts > 0 || text == "" {
		return cmp.Or(o.Attempts, usual), nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, &UsageError{Where: "AWS_MAX_ATTEMPTS", Reason: fmt.Sprintf("%q is not a number of attempts", text)}
	}
	return cmp.Or(n, usual), nil
}

func siblings(e env.Env, mapped []string) ([]string, error) {
	regions := list(e.Get("SOPS_AWS_MRK_REGIONS"))
	for _, r := range regions {
		if !awskey.IsRegion(r) {
			return nil, &UsageError{Where: "SOPS_AWS_MRK_REGIONS", Reason: fmt.Sprintf("%q is not a region", r)}
		}
	}
	if len(regions) == 0 {
		return mapped, nil
	}
	return regions, nil
}

// maxSessionName is the length that STS takes.
const maxSessionName = 64

// sessionName returns the name of this machine's role sessions, without what
// STS does not take.
func sessionName(host string) string {
	name := "sops@" + strings.Map(func(r rune) rune {
		if awskey.IsSessionRune(r) {
			return r
		}
		return -1
	}, host)
	return name[:min(len(name), maxSessionName)]
}
