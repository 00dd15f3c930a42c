package devkms

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Environ writes an AWS configuration into dir, with a profile for each user,
// role and permission set of the world, and returns the variables that make
// AWS's tools use it and this server. The profile's name is that of the user,
// role or permission set, or ACCOUNT-NAME for one whose name was taken by an
// earlier. The default user's access key is in the environment.
//
// The logins of the world lie in dir too. Tools look for them in $HOME/.aws,
// which they find if dir is that.
func (s *Server) Environ(dir string) ([]string, error) { return s.EnvironFor(Program{Dir: dir}) }

// A Program is what gets an environment.
type Program struct {
	Dir string // see Environ
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

// EnvironFor is Environ for one kind of program.
func (s *Server) EnvironFor(program Program) ([]string, error) {
	url := s.URL()
	if url == "" {
		return nil, fmt.Errorf("devkms: Environ before Listen")
	}
	dir, err := filepath.Abs(program.Dir)
	if err != nil {
		return nil, fmt.Errorf("devkms: %w", err)
	}
	p, err := s.profiles(dir)
	if err != nil {
		return nil, err
	}
	config, credentials := filepath.Join(dir, "config"), filepath.Join(dir, "credentials")
	p.files[config], p.files[credentials] = p.config.String(), p.credentials.String()
	own, err := s.environOf(p, dir, program.As)
	if err != nil {
		return nil, err
	}
	env := []string{
		"AWS_EC2_METADATA_SERVICE_ENDPOINT=" + url, "AWS_LOGIN_CACHE_DIRECTORY=" + filepath.Join(dir, filepath.FromSlash(loginCache)),
		"AWS_CONFIG_FILE=" + config, "AWS_SHARED_CREDENTIALS_FILE=" + credentials,
		"AWS_REGION=" + s.world.Regions[0], "AWS_DEFAULT_REGION=" + s.world.Regions[0],
	}
	if program.Proxy {
		bundle := filepath.Join(dir, "ca.pem")
		p.files[bundle] = string(s.web.PEM())
		env = append(env, "AWS_CA_BUNDLE="+bundle, "HTTPS_PROXY="+url, "https_proxy="+url)
		env = append(env, s.proxied()...)
	} else {
		env = append(env, s.endpoints()...)
	}
	if program.Home != "" && slices.Contains(p.loggedIn, program.As) {
		env = append(env, "HOME="+program.Home, "USERPROFILE="+program.Home)
	}
	return append(env, own...), p.write()
}

// endpoints are the variables that lead to this server. The first does not reach
// what looks for credentials, hence the others.
func (s *Server) endpoints() []string {
	env := []string{"AWS_ENDPOINT_URL=" + s.URL()}
	for _, service := range []string{"KMS", "STS", "SSO", "SSO_OIDC", "SIGNIN"} {
		env = append(env, "AWS_ENDPOINT_URL_"+service+"="+s.URL())
	}
	return env
}

// proxied are the variables that make this server the proxy of what has no TLS:
// the addresses that every instance, task and node has.
func (s *Server) proxied() []string {
	return []string{"HTTP_PROXY=" + s.URL(), "http_proxy=" + s.URL(), "NO_PROXY=127.0.0.1,localhost", "no_proxy=127.0.0.1,localhost"}
}

func (p *profiles) write() error {
	for name, text := range p.files {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			return fmt.Errorf("devkms: %w", err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			return fmt.Errorf("devkms: %w", err)
		}
	}
	return nil
}

// WithoutAWS returns env less all variables of AWS's tools, so that a program
// that gets what Environ returns meets nothing of the real AWS.
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

func (s *Server) profiles(dir string) (*profiles, error) {
	p := &profiles{files: map[string]string{}, names: map[string]string{}, taken: map[string]bool{}}
	for i := range s.world.Accounts {
		a := &s.world.Accounts[i]
		for j := range a.Users {
			u := &a.Users[j]
			p.name(a.ID, u.Name, u.arn(a.ID))
		}
		for j := range a.Roles {
			p.name(a.ID, a.Roles[j].Name, a.Roles[j].arn(a.ID))
		}
		for j := range a.PermissionSets {
			p.name(a.ID, a.PermissionSets[j].Name, p.setName(a.ID, a.PermissionSets[j].Name))
		}
	}
	fmt.Fprintf(&p.config, "# Written by devkms, for development and tests only.\n")
	for i := range s.world.Accounts {
		a := &s.world.Accounts[i]
		for j := range a.Users {
			p.user(s.world, a, &a.Users[j])
		}
		for j := range a.Roles {
			r := &a.Roles[j]
			if s.world.isMachines(r) {
				continue // it is not reached by a profile
			}
			if r.Profile.Issuer == "" {
				p.role(s.world, a, r)
			} else if err := p.tokenRole(s, a, r, dir); err != nil {
				return nil, err
			}
		}
	}
	return p, s.logins(p, dir)
}

func (p *profiles) name(account, name, arn string) {
	if p.taken[name] {
		name = account + "-" + name
	}
	p.taken[name] = true
	p.names[arn] = name
}

func (p *profiles) user(w *World, a *Account, u *User) {
	if u.Access.ID == "" {
		return
	}
	name := p.names[u.arn(a.ID)]
	fmt.Fprintf(&p.config, "\n[profile %s]\nregion = %s\n", name, w.Regions[0])
	fmt.Fprintf(&p.credentials, "[%s]\naws_access_key_id = %s\naws_secret_access_key = %s\n\n", name, u.Access.ID, u.Access.Secret)
}

// tokenLife is how long the token lives that a profile's role is had with.
const tokenLife = 30 * 24 * time.Hour

func (p *profiles) tokenRole(s *Server, a *Account, r *Role, dir string) error {
	is := a.issuer(r.Profile.Issuer)
	token, err := s.WebIdentityToken(is.URL, is.Subject, is.Audiences[0], tokenLife)
	if err != nil {
		return err
	}
	file := tokenFile(dir, p.names[r.arn(a.ID)])
	p.files[file] = token
	p.head(s.world, a, r)
	fmt.Fprintf(&p.config, "web_identity_token_file = %s\n", file)
	return nil
}

func (p *profiles) head(w *World, a *Account, r *Role) {
	fmt.Fprintf(&p.config, "\n[profile %s]\nregion = %s\nrole_arn = %s\n", p.names[r.arn(a.ID)], w.Regions[0], r.arn(a.ID))
}

func (p *profiles) role(w *World, a *Account, r *Role) {
	p.head(w, a, r)
	source := r.Profile.Source
	if source == "" {
		source = w.Default
	}
	if account, u := w.user(source); u != nil {
		fmt.Fprintf(&p.config, "source_profile = %s\n", p.names[u.arn(account.ID)])
	} else if account, o := w.role(source); o != nil {
		fmt.Fprintf(&p.config, "source_profile = %s\n", p.names[o.arn(account.ID)])
	}
	for _, line := range []struct{ key, value string }{{"external_id", r.Profile.ExternalID}, {"mfa_serial", r.Profile.MFASerial}} {
		if line.value != "" {
			fmt.Fprintf(&p.config, "%s = %s\n", line.key, line.value)
		}
	}
}
