package devkms

import (
	"errors"
	"fmt"
	"time"

	"github.com/seed-1f7fdfb8/sops/devkms/internal/environ"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/sso"
)

// A Program is what gets an environment.
type Program = environ.Program

// Environ writes an AWS configuration into dir, with a profile for each user,
// role and permission set of the world, and returns the variables that make
// AWS's tools use it and this server. The profile's name is that of the user,
// role or permission set, or ACCOUNT-NAME for one whose name was taken by an
// earlier. The default user's access key is in the environment.
//
// The logins of the world lie in dir too. Tools look for them in $HOME/.aws,
// which they find if dir is that.
func (s *Server) Environ(dir string) ([]string, error) { return s.EnvironFor(Program{Dir: dir}) }

// EnvironFor is Environ for one kind of program.
func (s *Server) EnvironFor(p Program) ([]string, error) {
	env, err := s.environ().For(p)
	if err != nil {
		return nil, fmt.Errorf("devkms: %w", err)
	}
	return env, nil
}

// Machines are the machines of the world where programs run: instance, task and
// container, pod, and irsa, as far as there are such.
func (s *Server) Machines() []string { return s.environ().Machines() }

func (s *Server) environ() *environ.Maker {
	m := &environ.Maker{World: s.world, URL: s.URL(), WebIdentityToken: s.WebIdentityToken, PodToken: s.PodToken, WebAuthority: s.web.PEM()}
	now := s.worldTime()
	if s.sso != nil {
		m.SSOLogin = func() (sso.Login, error) { return s.sso.Login(now) }
	}
	if s.signin != nil {
		m.Console = s.signin.User
		m.ConsoleCache = func() ([]byte, error) { return s.signin.Cache(now, s.random) }
	}
	if s.anywhere != nil {
		m.Anywhere = &s.anywhere.Profile
		m.Certificate = func() (certificate, key []byte, err error) {
			return s.machines.Client(s.world.Anywhere.CommonName, now)
		}
	}
	return m
}

// WithoutAWS returns env less all variables of AWS's tools, so that a program
// that gets what Environ returns meets nothing of the real AWS.
func WithoutAWS(env []string) []string { return environ.WithoutAWS(env) }

// PodToken makes a token of the service account of the world's pod.
func (s *Server) PodToken(life time.Duration) (string, error) {
	pod := s.world.Pod
	if pod == nil {
		return "", errors.New("devkms: the world has no pod")
	}
	token, err := s.sts.Token(s.worldTime(), podIssuer(pod), podSubject(pod), podAudience, life)
	if err != nil {
		return "", fmt.Errorf("devkms: %w", err)
	}
	return token, nil
}
