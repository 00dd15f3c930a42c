package environ

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
	"github.com/seed-1f7fdfb8/sops/devkms/internal/world"
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
func (m *Maker) Machines() []string {
	var all []string
	for _, m := range []struct {
		name string
		have bool
	}{
		{onInstance, m.World.Instance != nil},
		{inTask, m.World.Task != nil},
		{inContainer, m.World.Task != nil},
		{inPod, m.World.Pod != nil},
		{inIRSA, webRole(m.World) != nil},
	} {
		if m.have {
			all = append(all, m.name)
		}
	}
	return all
}

// webRole is the first role that is had for a token of an issuer.
func webRole(w *world.World) *world.Role {
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
func isMachines(w *world.World, r *world.Role) bool {
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
		_, of := w.FindRole(name)
		return of == r
	})
}

// environOf returns the variables that only a program has that is who, and adds
// the files that they name.
func (m *Maker) environOf(p *profiles, dir, who string) ([]string, error) {
	const noMetadata = "AWS_EC2_METADATA_DISABLED=true"
	byProxy := append(m.proxied(), noMetadata)
	profile := slices.Contains(slices.Collect(maps.Values(p.names)), who) || slices.Contains(p.more, who)
	switch machine := slices.Contains(m.Machines(), who); {
	case who == "":
		env := []string{noMetadata}
		if _, u := m.World.FindUser(m.World.Default); u != nil {
			env = append(env, "AWS_ACCESS_KEY_ID="+u.Access.ID, "AWS_SECRET_ACCESS_KEY="+u.Access.Secret)
		}
		return env, nil
	case machine && who == onInstance:
		return nil, nil
	case machine && who == inTask:
		return m.taskEnviron(byProxy, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI="), nil
	case machine && who == inContainer:
		return m.taskEnviron([]string{noMetadata}, "AWS_CONTAINER_CREDENTIALS_FULL_URI="+m.URL), nil
	case machine && who == inPod:
		return append(byProxy, "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://169.254.170.23"+container.PodPath, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE="+tokenFile(dir, podToken)), nil
	case machine && who == inIRSA:
		r := webRole(m.World)
		a, _ := m.World.FindRole(r.Name)
		return []string{noMetadata, "AWS_ROLE_ARN=" + r.ARN(a.ID), "AWS_WEB_IDENTITY_TOKEN_FILE=" + tokenFile(dir, p.names[r.ARN(a.ID)])}, nil
	case profile:
		return []string{noMetadata, "AWS_PROFILE=" + who}, nil
	}
	known := append(slices.Sorted(maps.Values(p.names)), append(p.more, m.Machines()...)...)
	return nil, fmt.Errorf("devkms: no profile or machine %q%s", who, suggest.DidYouMean(who, known))
}

// taskEnviron adds to env where the credentials of the task are.
func (m *Maker) taskEnviron(env []string, at string) []string {
	env = append(env, at+container.TaskPath+m.World.Task.ID)
	if token := m.World.Task.Authorization; token != "" {
		env = append(env, "AWS_CONTAINER_AUTHORIZATION_TOKEN="+token)
	}
	return env
}

func tokenFile(dir, name string) string { return filepath.Join(dir, name+".token") }

// podToken is the name of the file with the token of the pod's service account.
const podToken = "pod-identity"

func (m *Maker) podToken(p *profiles, dir string) error {
	if m.World.Pod == nil {
		return nil
	}
	token, err := m.PodToken(24 * time.Hour)
	p.files[tokenFile(dir, podToken)] = token
	return err
}

// logins adds the profiles of those who have logged in, and their logins.
func (m *Maker) logins(p *profiles, dir string) error {
	if err := errors.Join(m.consoleLogin(p, dir), m.certificate(p, dir), m.podToken(p, dir)); err != nil || m.World.SSO == nil {
		return err
	}
	sso := m.World.SSO
	fmt.Fprintf(&p.config, "\n[sso-session %s]\nsso_start_url = %s\nsso_region = %s\nsso_registration_scopes = sso:account:access\n", sso.Session, sso.StartURL, sso.Region)
	for _, a := range m.World.Accounts {
		for _, set := range a.PermissionSets {
			name := p.names[p.setName(a.ID, set.Name)]
			own := fmt.Sprintf("region = %s\nsso_account_id = %s\nsso_role_name = %s\n", m.World.Regions[0], a.ID, set.Name)
			fmt.Fprintf(&p.config, "\n[profile %s]\nsso_session = %s\n%s", name, sso.Session, own)
			fmt.Fprintf(&p.config, "\n[profile %s-legacy]\nsso_start_url = %s\nsso_region = %s\n%s", name, sso.StartURL, sso.Region, own)
			p.more, p.loggedIn = append(p.more, name+"-legacy"), append(p.loggedIn, name, name+"-legacy")
		}
	}
	return m.ssoLogin(p, dir)
}

// setName is the key of a permission set among the names of profiles.
func (p *profiles) setName(account, set string) string { return account + "/" + set }

// ssoLogin adds the cache files of a login of both kinds of profiles. Their
// names are digests of the name of the session, and of the start URL.
func (m *Maker) ssoLogin(p *profiles, dir string) error {
	for _, key := range []string{m.World.SSO.Session, m.World.SSO.StartURL} {
		l, err := m.SSOLogin()
		if err != nil {
			return fmt.Errorf("environment: %w", err)
		}
		text, err := json.MarshalIndent(map[string]string{
			"startUrl": m.World.SSO.StartURL, "region": m.World.SSO.Region, "accessToken": l.AccessToken, "expiresAt": l.Expires.UTC().Format(time.RFC3339),
			"refreshToken": l.RefreshToken, "clientId": l.ClientID, "clientSecret": l.ClientSecret,
			"registrationExpiresAt": l.RegistrationExpires.UTC().Format(time.RFC3339),
		}, "", "  ")
		if err != nil {
			return fmt.Errorf("environment: %w", err)
		}
		sum := sha1.Sum([]byte(key))
		p.files[filepath.Join(dir, filepath.FromSlash(ssoCache), hex.EncodeToString(sum[:])+".json")] = string(text)
	}
	return nil
}

// consoleLogin adds the profile and the cache file of `aws login`. The name of
// the file is a digest of the name of the session.
func (m *Maker) consoleLogin(p *profiles, dir string) error {
	if m.Console == "" {
		return nil
	}
	fmt.Fprintf(&p.config, "\n[profile %s]\nregion = %s\nlogin_session = %s\n", loginProfile, m.World.Regions[0], m.Console)
	p.more = append(p.more, loginProfile)
	text, err := m.ConsoleCache()
	if err != nil {
		return fmt.Errorf("environment: %w", err)
	}
	sum := sha256.Sum256([]byte(m.Console))
	p.files[filepath.Join(dir, filepath.FromSlash(loginCache), hex.EncodeToString(sum[:])+".json")] = string(text)
	return nil
}

// certificate adds the certificate of a machine outside of AWS, and a profile that
// runs AWS's own program with it.
func (m *Maker) certificate(p *profiles, dir string) error {
	if m.Anywhere == nil {
		return nil
	}
	certificate, key, err := m.Certificate()
	if err != nil {
		return fmt.Errorf("environment: %w", err)
	}
	certificateFile, keyFile := filepath.Join(dir, anywhereProfile+".crt"), filepath.Join(dir, anywhereProfile+".key")
	p.files[certificateFile], p.files[keyFile] = string(certificate), string(key)
	to := m.Anywhere
	fmt.Fprintf(
		&p.config, "\n[profile %s]\nregion = %[2]s\ncredential_process = aws_signing_helper credential-process --certificate %s --private-key %s"+
			" --trust-anchor-arn %s --profile-arn %s --role-arn %s --region %[2]s --endpoint %[8]s\n",
		anywhereProfile, m.World.Regions[0], certificateFile, keyFile, to.Anchor, to.Profile, to.Role, m.URL,
	)
	p.more = append(p.more, anywhereProfile)
	return nil
}
