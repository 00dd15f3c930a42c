package devkms

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"github.com/seed-1f7fdfb8/sops/devkms/internal/container"
	"github.com/seed-1f7fdfb8/sops/internal/suggest"
)

// The caches in which AWS's tools keep logins, below ~/.aws.
const (
	ssoCache   = "sso/cache"
	loginCache = "login/cache"

	loginProfile    = "login"
	anywhereProfile = "anywhere"
)

// The machines where programs run.
const (
	onInstance  = "instance"  // of EC2: the metadata service
	inTask      = "task"      // of ECS: the address that every task has, by way of a proxy
	inContainer = "container" // as task, at an address of its own
	inPod       = "pod"       // of EKS: the address that every node has, by way of a proxy
	inIRSA      = "irsa"      // of EKS: a web identity token in the environment
)

// Machines are the machines of the world where programs run: instance, task and
// container, pod, and irsa, as far as there are such.
func (s *Server) Machines() []string {
	var all []string
	for _, m := range []struct {
		name string
		have bool
	}{
		{onInstance, s.world.Instance != nil}, {inTask, s.world.Task != nil}, {inContainer, s.world.Task != nil},
		{inPod, s.world.Pod != nil}, {inIRSA, s.world.webRole() != nil},
	} {
		if m.have {
			all = append(all, m.name)
		}
	}
	return all
}

// webRole is the first role that is had for a token of an issuer.
func (w *World) webRole() *Role {
	for i := range w.Accounts {
		for j := range w.Accounts[i].Roles {
			if r := &w.Accounts[i].Roles[j]; r.Profile.Issuer != "" {
				return r
			}
		}
	}
	return nil
}

// isMachines reports whether a role is that of a machine.
func (w *World) isMachines(r *Role) bool {
	names := []string{}
	if w.Instance != nil {
		names = append(names, w.Instance.Role)
	}
	if w.Task != nil {
		names = append(names, w.Task.Role)
	}
	if w.Pod != nil {
		names = append(names, w.Pod.Role)
	}
	if w.Anywhere != nil {
		names = append(names, w.Anywhere.Role)
	}
	return slices.ContainsFunc(names, func(name string) bool {
		_, of := w.role(name)
		return of == r
	})
}

// environOf returns the variables that only a program has that is who, and adds
// the files that they name.
func (s *Server) environOf(p *profiles, dir, who string) ([]string, error) {
	const noMetadata = "AWS_EC2_METADATA_DISABLED=true"
	byProxy := append(s.proxied(), noMetadata)
	profile := slices.Contains(slices.Collect(maps.Values(p.names)), who) || slices.Contains(p.more, who)
	switch machine := slices.Contains(s.Machines(), who); {
	case who == "":
		env := []string{noMetadata}
		if _, u := s.world.user(s.world.Default); u != nil {
			env = append(env, "AWS_ACCESS_KEY_ID="+u.Access.ID, "AWS_SECRET_ACCESS_KEY="+u.Access.Secret)
		}
		return env, nil
	case machine && who == onInstance:
		return nil, nil
	case machine && who == inTask:
		return s.taskEnviron(byProxy, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI="), nil
	case machine && who == inContainer:
		return s.taskEnviron([]string{noMetadata}, "AWS_CONTAINER_CREDENTIALS_FULL_URI="+s.URL()), nil
	case machine && who == inPod:
		file, err := s.podToken(p, dir)
		return append(byProxy, "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://169.254.170.23"+container.PodPath, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE="+file), err
	case machine && who == inIRSA:
		r := s.world.webRole()
		a, _ := s.world.role(r.Name)
		return []string{noMetadata, "AWS_ROLE_ARN=" + r.arn(a.ID), "AWS_WEB_IDENTITY_TOKEN_FILE=" + tokenFile(dir, p.names[r.arn(a.ID)])}, nil
	case profile:
		return []string{noMetadata, "AWS_PROFILE=" + who}, nil
	}
	known := append(slices.Sorted(maps.Values(p.names)), append(p.more, s.Machines()...)...)
	return nil, fmt.Errorf("devkms: no profile or machine %q%s", who, suggest.DidYouMean(who, known))
}

// taskEnviron adds to env where the credentials of the task are.
func (s *Server) taskEnviron(env []string, at string) []string {
	env = append(env, at+container.TaskPath+s.world.Task.ID)
	if token := s.world.Task.Authorization; token != "" {
		env = append(env, "AWS_CONTAINER_AUTHORIZATION_TOKEN="+token)
	}
	return env
}

func tokenFile(dir, name string) string { return filepath.Join(dir, name+".token") }

func (s *Server) podToken(p *profiles, dir string) (string, error) {
	token, err := s.PodToken(24 * time.Hour)
	if err != nil {
		return "", err
	}
	file := tokenFile(dir, "pod-identity")
	p.files[file] = token
	return file, nil
}

// PodToken makes a token of the service account of the world's pod.
func (s *Server) PodToken(life time.Duration) (string, error) {
	pod := s.world.Pod
	if pod == nil {
		return "", fmt.Errorf("devkms: the world has no pod")
	}
	token, err := s.sts.Token(s.worldTime(), pod.issuer(), pod.subject(), clusterAudience, life)
	if err != nil {
		return "", fmt.Errorf("devkms: %w", err)
	}
	return token, nil
}

// logins adds the profiles of those who have logged in, and their logins.
func (s *Server) logins(p *profiles, dir string) error {
	if err := errors.Join(s.consoleLogin(p, dir), s.certificate(p, dir)); err != nil || s.world.SSO == nil {
		return err
	}
	sso := s.world.SSO
	fmt.Fprintf(&p.config, "\n[sso-session %s]\nsso_start_url = %s\nsso_region = %s\nsso_registration_scopes = sso:account:access\n", sso.Session, sso.StartURL, sso.Region)
	for _, a := range s.world.Accounts {
		for _, set := range a.PermissionSets {
			name := p.names[p.setName(a.ID, set.Name)]
			own := fmt.Sprintf("region = %s\nsso_account_id = %s\nsso_role_name = %s\n", s.world.Regions[0], a.ID, set.Name)
			fmt.Fprintf(&p.config, "\n[profile %s]\nsso_session = %s\n%s", name, sso.Session, own)
			fmt.Fprintf(&p.config, "\n[profile %s-legacy]\nsso_start_url = %s\nsso_region = %s\n%s", name, sso.StartURL, sso.Region, own)
			p.more, p.loggedIn = append(p.more, name+"-legacy"), append(p.loggedIn, name, name+"-legacy")
		}
	}
	return s.ssoLogin(p, dir)
}

// setName is the key of a permission set among the names of profiles.
func (p *profiles) setName(account, set string) string { return account + "/" + set }

// ssoLogin adds the cache files of a login of both kinds of profiles. Their
// names are digests of the name of the session, and of the start URL.
func (s *Server) ssoLogin(p *profiles, dir string) error {
	for _, key := range []string{s.world.SSO.Session, s.world.SSO.StartURL} {
		l, err := s.sso.Login(s.worldTime())
		if err != nil {
			return fmt.Errorf("devkms: %w", err)
		}
		text, err := json.MarshalIndent(map[string]string{
			"startUrl": s.world.SSO.StartURL, "region": s.world.SSO.Region, "accessToken": l.AccessToken, "expiresAt": l.Expires.UTC().Format(time.RFC3339),
			"refreshToken": l.RefreshToken, "clientId": l.ClientID, "clientSecret": l.ClientSecret,
			"registrationExpiresAt": l.RegistrationExpires.UTC().Format(time.RFC3339),
		}, "", "  ")
		if err != nil {
			return fmt.Errorf("devkms: %w", err)
		}
		sum := sha1.Sum([]byte(key))
		p.files[filepath.Join(dir, filepath.FromSlash(ssoCache), hex.EncodeToString(sum[:])+".json")] = string(text)
	}
	return nil
}

// consoleLogin adds the profile and the cache file of `aws login`. The name of
// the file is a digest of the name of the session.
func (s *Server) consoleLogin(p *profiles, dir string) error {
	if s.signin == nil {
		return nil
	}
	fmt.Fprintf(&p.config, "\n[profile %s]\nregion = %s\nlogin_session = %s\n", loginProfile, s.world.Regions[0], s.signin.User)
	p.more = append(p.more, loginProfile)
	text, err := s.signin.Cache(s.worldTime(), s.random)
	if err != nil {
		return fmt.Errorf("devkms: %w", err)
	}
	sum := sha256.Sum256([]byte(s.signin.User))
	p.files[filepath.Join(dir, filepath.FromSlash(loginCache), hex.EncodeToString(sum[:])+".json")] = string(text)
	return nil
}

// certificate adds the certificate of a machine outside of AWS, and a profile that
// runs AWS's own program with it.
func (s *Server) certificate(p *profiles, dir string) error {
	if s.anywhere == nil {
		return nil
	}
	certificate, key, err := s.machines.Client(s.world.Anywhere.CommonName, s.worldTime())
	if err != nil {
		return fmt.Errorf("devkms: %w", err)
	}
	certificateFile, keyFile := filepath.Join(dir, anywhereProfile+".crt"), filepath.Join(dir, anywhereProfile+".key")
	p.files[certificateFile], p.files[keyFile] = string(certificate), string(key)
	to := s.anywhere.Profile
	fmt.Fprintf(
		&p.config, "\n[profile %s]\nregion = %[2]s\ncredential_process = aws_signing_helper credential-process --certificate %s --private-key %s"+
			" --trust-anchor-arn %s --profile-arn %s --role-arn %s --region %[2]s --endpoint %s\n",
		anywhereProfile, s.world.Regions[0], certificateFile, keyFile, to.Anchor, to.Profile, to.Role, s.URL(),
	)
	p.more = append(p.more, anywhereProfile)
	return nil
}
