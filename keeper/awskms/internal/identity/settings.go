package identity

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/awskey"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/internal/userfiles"
)

// Settings are the options of the run with the variables of the same meaning
// and the user's map, checked.
type Settings struct {
	Profile, Role Choices
	NoRole        bool
	MFAToken      string
	SessionName   string
	NamedSession  bool // the user chose that name
	Attempts      int
	STSRegions    []string    // that may be asked for sessions; empty for those near
	Cache         bool        // sessions of roles are kept on disk
	Ambient       string      // the profile that the environment chooses, or ""
	HasDefault    func() bool // whether there is a profile called default

	strict   bool
	keyRoles []string
	allow    userfiles.AllowList
	siblings []string // regions of multi-Region keys
	routes   *userfiles.Map
}

// Mapped lists the accounts for which the user's map has another identity.
func (s *Settings) Mapped() []string { return s.routes.Accounts() }

// Siblings lists the regions in which replicas of multi-Region keys are tried.
func (s *Settings) Siblings() []string { return s.siblings }

// Options are what a run asks for. The Options of the keeper say what each means.
type Options struct {
	Env                  func(name string) (value string, set bool)
	Profile, Role        []string
	KeyRoles             []string
	NoAssumeRole, Strict bool
	Attempts             int
	HostName             string
}

// NewSettings reads all of them. What cannot be meant as it is, is a *userfiles.Error.
func NewSettings(o Options) (*Settings, error) {
	routes, err := userfiles.LoadMap(o.Env)
	if err != nil {
		return nil, err
	}
	s := &Settings{routes: routes, Ambient: userfiles.AmbientProfile(o.Env), MFAToken: env.Env(o.Env).Get("SOPS_AWS_MFA_TOKEN")}
	s.HasDefault = sync.OnceValue(func() bool { return slices.Contains(userfiles.ProfileNames(o.Env), "default") })
	named := env.Env(o.Env).Get("AWS_ROLE_SESSION_NAME")
	s.SessionName, s.NamedSession = cmp.Or(named, sessionName(o.HostName)), named != ""
	if s.Profile, err = newChoices(o, "profile", o.Profile, nil); err != nil {
		return nil, err
	}
	if s.Role, err = newChoices(o, "role", o.Role, awskey.CheckRole); err != nil {
		return nil, err
	}
	s.keyRoles = o.KeyRoles
	if s.NoRole, err = truth(o.Env, "SOPS_AWS_NO_ASSUME_ROLE", o.NoAssumeRole); err != nil {
		return nil, err
	}
	if s.strict, err = truth(o.Env, "SOPS_AWS_STRICT_IDENTITY", o.Strict); err != nil {
		return nil, err
	}
	if s.Attempts, err = attempts(o); err != nil {
		return nil, err
	}
	if s.siblings, err = regions(o.Env, "SOPS_AWS_MRK_REGIONS", routes.Siblings); err != nil {
		return nil, err
	}
	if s.STSRegions, err = regions(o.Env, "SOPS_AWS_STS_REGIONS", routes.STS); err != nil {
		return nil, err
	}
	s.Cache = routes.Cache
	if env.Env(o.Env).Get("SOPS_AWS_SESSION_CACHE") != "" {
		if s.Cache, err = truth(o.Env, "SOPS_AWS_SESSION_CACHE", false); err != nil {
			return nil, err
		}
	}
	s.allow, err = newAllowList(o.Env, routes.Allow)
	return s, err
}

// Choices are a text for the keys of an account, and under "" one for all.
type Choices map[string]string

// All returns what is for the keys of all accounts.
func (c Choices) All() string { return c[""] }

func (c Choices) of(account string) string { return cmp.Or(c[account], c[""]) }

// newChoices reads TEXT and ACCOUNT=TEXT, first of the flags, then of the
// variable, whose items commas separate. What comes first wins.
func newChoices(o Options, name string, flags []string, check func(string) error) (Choices, error) {
	variable := "SOPS_AWS_" + strings.ToUpper(name)
	c := Choices{}
	if err := c.add("--aws-"+name, flags, check); err != nil {
		return nil, err
	}
	if c[""] != "" {
		return c, nil // a flag for all keys leaves no room for the variable
	}
	return c, c.add(variable, list(env.Env(o.Env).Get(variable)), check)
}

func (c Choices) add(where string, items []string, check func(string) error) error {
	for _, item := range items {
		account, text, ok := strings.Cut(item, "=")
		if !ok || !awskey.IsAccount(account) {
			account, text = "", item
		}
		if text == "" {
			return &userfiles.Error{Where: where, Reason: fmt.Sprintf("%q names nothing", item)}
		}
		if check != nil {
			if err := check(text); err != nil {
				return &userfiles.Error{Where: where, Reason: err.Error(), Hint: "write arn:aws:iam::ACCOUNT:role/NAME"}
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
		return false, &userfiles.Error{Where: name, Reason: fmt.Sprintf("%q is neither true nor false", text)}
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
		return 0, &userfiles.Error{Where: "AWS_MAX_ATTEMPTS", Reason: fmt.Sprintf("%q is not a number of attempts", text)}
	}
	return cmp.Or(n, usual), nil
}

// regions returns those of a variable, or else those of the map.
func regions(e env.Env, variable string, mapped []string) ([]string, error) {
	regions := list(e.Get(variable))
	for _, r := range regions {
		if !awskey.IsRegion(r) {
			return nil, &userfiles.Error{Where: variable, Reason: fmt.Sprintf("%q is not a region", r)}
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
