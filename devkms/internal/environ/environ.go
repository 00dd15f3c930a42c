// Package environ makes the environment of a program that meets a server instead
// of AWS: variables, and the files of AWS's tools with their profiles and logins.
package environ

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/seed-1f7fdfb8/sops/devkms/internal/anywhere"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/sso"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/world"
)

// A Maker makes environments. What the world does not have is zero.
type Maker struct {
	World            *world.World
	URL              string // of the server
	WebIdentityToken func(issuer, subject, audience string, life time.Duration) (string, error)
	PodToken         func(life time.Duration) (string, error)
	SSOLogin         func() (sso.Login, error)
	Console          string // ARN of the user who has signed in
	ConsoleCache     func() ([]byte, error)
	Anywhere         *anywhere.Profile
	Certificate      func() (certificate, key []byte, err error) // of the machine outside of AWS
	WebAuthority     []byte                                      // PEM, of the proxy
}

// A Program is what gets an environment.
type Program struct {
	Dir string // where the files go
	// As is who the program is: a profile, or a machine (see Machines). It has no
	// access key in its environment then. "" is the default user.
	As string
	// Proxy is for programs that obey no variable with an endpoint: they ask at
	// AWS's own addresses, by way of this server, which ends TLS.
	Proxy bool
	// Home is the directory that Dir is the .aws of, for a program whose own
	// directory is another: one that is logged in by IAM Identity Center gets it
	// as its HOME. "" leaves HOME alone.
	Home string
}

// For writes the files, and returns the variables.
func (m *Maker) For(program Program) ([]string, error) {
	url := m.URL
	if url == "" {
		return nil, errors.New("environment: the server does not listen yet")
	}
	dir, err := filepath.Abs(program.Dir)
	if err != nil {
		return nil, fmt.Errorf("environment: %w", err)
	}
	p, err := m.profiles(dir)
	if err != nil {
		return nil, err
	}
	config, credentials := filepath.Join(dir, "config"), filepath.Join(dir, "credentials")
	p.files[config], p.files[credentials] = p.config.String(), p.credentials.String()
	own, err := m.environOf(p, dir, program.As)
	if err != nil {
		return nil, err
	}
	env := []string{
		"AWS_EC2_METADATA_SERVICE_ENDPOINT=" + url + "/", // old programs put a path right after it
		"AWS_LOGIN_CACHE_DIRECTORY=" + filepath.Join(dir, filepath.FromSlash(loginCache)),
		"AWS_CONFIG_FILE=" + config, "AWS_SHARED_CREDENTIALS_FILE=" + credentials,
		"AWS_REGION=" + m.World.Regions[0], "AWS_DEFAULT_REGION=" + m.World.Regions[0],
	}
	if program.Proxy {
		bundle := filepath.Join(dir, "ca.pem")
		p.files[bundle] = string(m.WebAuthority)
		env = append(env, "AWS_CA_BUNDLE="+bundle, "HTTPS_PROXY="+url, "https_proxy="+url)
		env = append(env, m.proxied()...)
	} else {
		env = append(env, m.endpoints()...)
	}
	if program.Home != "" && slices.Contains(p.loggedIn, program.As) {
		env = append(env, "HOME="+program.Home, "USERPROFILE="+program.Home)
	}
	return append(env, own...), p.write()
}

// endpoints are the variables that lead to this server. The first does not reach
// what looks for credentials, hence the others.
func (m *Maker) endpoints() []string {
	env := []string{"AWS_ENDPOINT_URL=" + m.URL}
	for _, service := range []string{"KMS", "STS", "SSO", "SSO_OIDC", "SIGNIN"} {
		env = append(env, "AWS_ENDPOINT_URL_"+service+"="+m.URL)
	}
	return env
}

// proxied are the variables that make this server the proxy of what has no TLS:
// the addresses that every instance, task and node has.
func (m *Maker) proxied() []string {
	return []string{"HTTP_PROXY=" + m.URL, "http_proxy=" + m.URL, "NO_PROXY=127.0.0.1,localhost", "no_proxy=127.0.0.1,localhost"}
}

func (p *profiles) write() error {
	for name, text := range p.files {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			return fmt.Errorf("environment: %w", err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			return fmt.Errorf("environment: %w", err)
		}
	}
	return nil
}

// WithoutAWS returns env less all variables of AWS's tools, so that a program
// that gets an environment of ours meets nothing of the real AWS.
func WithoutAWS(env []string) []string {
	var out []string
	for _, v := range env {
		if !strings.HasPrefix(v, "AWS_") {
			out = append(out, v)
		}
	}
	return out
}

// profiles are the files, under construction.
type profiles struct {
	config, credentials strings.Builder
	files               map[string]string // by path: the tokens, in the end all
	names               map[string]string // ARN, or ACCOUNT/PERMISSION SET, to profile
	taken               map[string]bool
	more                []string // other profiles
	loggedIn            []string // those of permission sets
}

func (m *Maker) profiles(dir string) (*profiles, error) {
	p := &profiles{files: map[string]string{}, names: map[string]string{}, taken: map[string]bool{}}
	for i := range m.World.Accounts {
		a := &m.World.Accounts[i]
		for j := range a.Users {
			u := &a.Users[j]
			p.name(a.ID, u.Name, u.ARN(a.ID))
		}
		for j := range a.Roles {
			p.name(a.ID, a.Roles[j].Name, a.Roles[j].ARN(a.ID))
		}
		for j := range a.PermissionSets {
			p.name(a.ID, a.PermissionSets[j].Name, p.setName(a.ID, a.PermissionSets[j].Name))
		}
	}
	fmt.Fprintf(&p.config, "# Written by devkms, for development and tests only.\n")
	for i := range m.World.Accounts {
		a := &m.World.Accounts[i]
		for j := range a.Users {
			p.user(m.World, a, &a.Users[j])
		}
		for j := range a.Roles {
			r := &a.Roles[j]
			if isMachines(m.World, r) {
				continue // it is not reached by a profile
			}
			if r.Profile.Issuer == "" {
				p.role(m.World, a, r)
			} else if err := p.tokenRole(m, a, r, dir); err != nil {
				return nil, err
			}
		}
	}
	return p, m.logins(p, dir)
}

func (p *profiles) name(account, name, arn string) {
	if p.taken[name] {
		name = account + "-" + name
	}
	p.taken[name] = true
	p.names[arn] = name
}

func (p *profiles) user(w *world.World, a *world.Account, u *world.User) {
	if u.Access.ID == "" {
		return
	}
	name := p.names[u.ARN(a.ID)]
	fmt.Fprintf(&p.config, "\n[profile %s]\nregion = %s\n", name, w.Regions[0])
	fmt.Fprintf(&p.credentials, "[%s]\naws_access_key_id = %s\naws_secret_access_key = %s\n\n", name, u.Access.ID, u.Access.Secret)
}

// tokenLife is how long the token lives that a profile's role is had with.
const tokenLife = 30 * 24 * time.Hour

func (p *profiles) tokenRole(m *Maker, a *world.Account, r *world.Role, dir string) error {
	is := a.FindIssuer(r.Profile.Issuer)
	token, err := m.WebIdentityToken(is.URL, is.Subject, is.Audiences[0], tokenLife)
	if err != nil {
		return err
	}
	file := tokenFile(dir, p.names[r.ARN(a.ID)])
	p.files[file] = token
	p.head(m.World, a, r)
	fmt.Fprintf(&p.config, "web_identity_token_file = %s\n", file)
	return nil
}

func (p *profiles) head(w *world.World, a *world.Account, r *world.Role) {
	fmt.Fprintf(&p.config, "\n[profile %s]\nregion = %s\nrole_arn = %s\n", p.names[r.ARN(a.ID)], w.Regions[0], r.ARN(a.ID))
}

func (p *profiles) role(w *world.World, a *world.Account, r *world.Role) {
	p.head(w, a, r)
	source := r.Profile.Source
	if source == "" {
		source = w.Default
	}
	if account, u := w.FindUser(source); u != nil {
		fmt.Fprintf(&p.config, "source_profile = %s\n", p.names[u.ARN(account.ID)])
	} else if account, o := w.FindRole(source); o != nil {
		fmt.Fprintf(&p.config, "source_profile = %s\n", p.names[o.ARN(account.ID)])
	}
	for _, line := range []struct{ key, value string }{{"external_id", r.Profile.ExternalID}, {"mfa_serial", r.Profile.MFASerial}} {
		if line.value != "" {
			fmt.Fprintf(&p.config, "%s = %s\n", line.key, line.value)
		}
	}
}
