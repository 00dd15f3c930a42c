package userfiles

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/logging"

	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
)

// A Profile is a section of the shared configuration files.
type Profile struct {
	Name     string
	Shared   config.SharedConfig
	Bypassed bool // the credentials come from the environment, the rest from here
	token    bool // and are those of a web identity
	env      env.Env
}

// ReadProfile reads a profile. "" is the default one, which need not exist.
func ReadProfile(ctx context.Context, e env.Env, name string) (*Profile, error) {
	files := Shared(e)
	options := func(o *config.LoadSharedConfigOptions) {
		o.ConfigFiles, o.CredentialsFiles, o.Logger = files.Config, files.Credentials, logging.Nop{}
	}
	shared, err := config.LoadSharedConfigProfile(ctx, cmp.Or(name, "default"), options)
	if name == "" && Missing(err, "default") {
		err = nil
	}
	if err != nil {
		return nil, err
	}
	p := &Profile{Name: name, Shared: shared, Bypassed: name == "" && fromEnvironment(e), env: e}
	if asked := AskedProfile(e); p.Bypassed && asked != "" {
		// The credentials do not come from it, but it was meant to count.
		if _, err := config.LoadSharedConfigProfile(ctx, asked, options); err != nil {
			return nil, err
		}
	}
	if _, ok := Credentials(e); p.Bypassed && !ok {
		p.token = true
	}
	return p, nil
}

// each calls f for the profile and those it takes its credentials from.
func (p *Profile) each(f func(s *config.SharedConfig)) {
	for s := &p.Shared; s != nil && !p.Bypassed; s = s.Source {
		f(s)
	}
}

// Assumes reports whether STS has to give the credentials.
func (p *Profile) Assumes() bool {
	found := p.Bypassed && p.token
	p.each(func(s *config.SharedConfig) { found = found || s.RoleARN != "" })
	return found
}

// Process returns the program that has to give the credentials, or "". As in
// the SDK, it comes after everything else that a profile may have.
func (p *Profile) Process() string {
	var last *config.SharedConfig
	p.each(func(s *config.SharedConfig) { last = s })
	if last == nil || last.Credentials.HasKeys() || last.CredentialSource != "" || last.WebIdentityTokenFile != "" ||
		last.SSOSessionName != "" || last.SSOStartURL != "" || last.LoginSession != "" {
		return ""
	}
	return last.CredentialProcess
}

// Roles returns the roles that the profile assumes, in that order.
func (p *Profile) Roles() []Role {
	var all []Role
	p.each(func(s *config.SharedConfig) {
		if s.RoleARN == "" {
			return
		}
		h := Role{ARN: s.RoleARN, ExternalID: s.ExternalID, SessionName: s.RoleSessionName, Serial: s.MFASerial}
		if s.RoleDurationSeconds != nil {
			h.Duration = *s.RoleDurationSeconds
		}
		all = append(all, h)
	})
	slices.Reverse(all)
	return all
}

// Serials returns the MFA devices that the profile asks for.
func (p *Profile) Serials() []string {
	var all []string
	p.each(func(s *config.SharedConfig) {
		if s.MFASerial != "" {
			all = append(all, s.MFASerial)
		}
	})
	return all
}

// Login returns the command that logs in to the profile, or "".
func (p *Profile) Login() string {
	command := ""
	p.each(func(s *config.SharedConfig) {
		switch {
		case s.SSOSessionName != "" || s.SSOStartURL != "":
			command = "aws sso login"
		case s.LoginSession != "":
			command = "aws login"
		default:
			return
		}
		if s.Profile != "" && s.Profile != "default" {
			command += " --profile " + hint.ShellWord(s.Profile)
		}
	})
	return command
}

// Files are the paths of the shared configuration.
type Files struct{ Config, Credentials []string }

// Shared returns the files that the SDK would read.
func Shared(e env.Env) Files {
	pick := func(variable, name string) []string {
		if path := e.Get(variable); path != "" {
			return []string{path}
		}
		if home := e.Home(); home != "" {
			return []string{filepath.Join(home, ".aws", name)}
		}
		return []string{}
	}
	return Files{pick("AWS_CONFIG_FILE", "config"), pick("AWS_SHARED_CREDENTIALS_FILE", "credentials")}
}

// ProfileNames lists the profiles of this machine.
func ProfileNames(e env.Env) []string {
	var names []string
	add := func(paths []string, prefix string) {
		for _, path := range paths {
			for _, section := range sections(path) {
				name, ok := strings.CutPrefix(section, prefix)
				if ok || section == "default" {
					names = append(names, strings.TrimSpace(name))
				}
			}
		}
	}
	f := Shared(e)
	add(f.Config, "profile ")
	add(f.Credentials, "")
	slices.Sort(names)
	return slices.Compact(names)
}

// sections returns the names in brackets of an INI file. What cannot be read
// has none.
func sections(path string) []string {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer func() { _ = f.Close() }() // it was only read
	var names []string
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if name, ok := strings.CutPrefix(line, "["); ok {
			name, _, _ = strings.Cut(name, "]")
			names = append(names, strings.TrimSpace(name))
		}
	}
	return names
}

// fromEnvironment reports whether the ambient credentials come from variables.
func fromEnvironment(e env.Env) bool {
	_, ok := Credentials(e)
	return ok || e.Get("AWS_WEB_IDENTITY_TOKEN_FILE") != ""
}

// Credentials returns the access key of the environment.
func Credentials(e env.Env) (aws.Credentials, bool) {
	c := aws.Credentials{
		AccessKeyID:     cmp.Or(e.Get("AWS_ACCESS_KEY_ID"), e.Get("AWS_ACCESS_KEY")),
		SecretAccessKey: cmp.Or(e.Get("AWS_SECRET_ACCESS_KEY"), e.Get("AWS_SECRET_KEY")),
		SessionToken:    e.Get("AWS_SESSION_TOKEN"),
		Source:          "the environment",
	}
	return c, c.HasKeys()
}

// AmbientProfile returns the profile that the environment chooses, as the SDK
// sees it: credentials in the environment come before AWS_PROFILE.
func AmbientProfile(e env.Env) string {
	if fromEnvironment(e) {
		return ""
	}
	return AskedProfile(e)
}

// AskedProfile returns the profile that the environment names.
func AskedProfile(e env.Env) string {
	return cmp.Or(e.Get("AWS_PROFILE"), e.Get("AWS_DEFAULT_PROFILE"))
}

// Missing reports whether err says that there is no profile of that name; one may
// also lack the profile that it takes its credentials from.
func Missing(err error, name string) bool {
	var not config.SharedConfigProfileNotExistError
	return errors.As(err, &not) && not.Profile == name
}

// Endpoint returns the URL that configuration gives for a service, KMS or STS,
// or nil for the usual one. The SDK has the same order, but for the roles of
// profiles it looks at AWS_ENDPOINT_URL_STS alone.
func (p *Profile) Endpoint(ctx context.Context, e env.Env, service, mapped string) *string {
	if mapped != "" {
		return &mapped
	}
	if ignore := p.Shared.IgnoreConfiguredEndpoints; ignore != nil && *ignore ||
		strings.EqualFold(e.Get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"), "true") {
		return nil
	}
	url := cmp.Or(e.Get("AWS_ENDPOINT_URL_"+service), e.Get("AWS_ENDPOINT_URL"))
	if url == "" {
		url, _, _ = p.Shared.GetServiceBaseEndpoint(ctx, service)
	}
	if url = cmp.Or(url, p.Shared.BaseEndpoint); url == "" {
		return nil
	}
	return &url
}
