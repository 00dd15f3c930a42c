package userfiles

import (
	"cmp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/config"
)

// A Way is one in which a profile, or a machine without one, comes to its first
// credentials.
type Way int

// The ways, in the order in which the SDK looks for them in a profile.
const (
	ByKeys Way = iota
	ByWebIdentity
	BySSO
	ByConsole
	ByProcess
	ByContainer
	ByInstance
)

// Way returns that of the profile, with what it is there: the file of a token, the
// name of an SSO session, the URL of a container's credentials.
func (p *Profile) Way() (way Way, what string) {
	if p.Bypassed && p.token {
		return ByWebIdentity, p.env.Get("AWS_WEB_IDENTITY_TOKEN_FILE")
	}
	if p.Bypassed {
		return ByKeys, ""
	}
	var last *config.SharedConfig
	p.each(func(s *config.SharedConfig) { last = s })
	switch {
	case last.Credentials.HasKeys() || last.CredentialSource == "Environment":
		return ByKeys, ""
	case last.CredentialSource == "Ec2InstanceMetadata":
		return ByInstance, ""
	case last.CredentialSource == "EcsContainer":
		return ByContainer, p.container()
	case last.WebIdentityTokenFile != "":
		return ByWebIdentity, last.WebIdentityTokenFile
	case last.SSOSessionName != "" || last.SSOStartURL != "":
		return BySSO, cmp.Or(last.SSOSessionName, last.SSOStartURL)
	case last.LoginSession != "":
		return ByConsole, last.LoginSession
	case last.CredentialProcess != "":
		return ByProcess, ""
	case p.container() != "":
		return ByContainer, p.container()
	}
	return ByInstance, ""
}

// container is where a container is given its credentials, without the query,
// which may be a secret; "" if nothing says so.
func (p *Profile) container() string {
	if path := p.env.Get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"); path != "" {
		path, _, _ = strings.Cut(path, "?")
		return "http://169.254.170.2" + path
	}
	url, _, _ := strings.Cut(p.env.Get("AWS_CONTAINER_CREDENTIALS_FULL_URI"), "?")
	return url
}

// Origin says what gives the first credentials of the profile.
func (p *Profile) Origin() string {
	switch way, what := p.Way(); way {
	case ByWebIdentity:
		if p.Bypassed {
			return "web identity token in AWS_WEB_IDENTITY_TOKEN_FILE"
		}
		return "web identity token in " + what
	case BySSO:
		return "sso " + what
	case ByConsole:
		return "console login of " + what
	case ByProcess:
		return "credential_process"
	case ByContainer:
		return "container credentials at " + what
	case ByInstance:
		return "instance metadata"
	}
	if p.Bypassed {
		return "access key of the environment"
	}
	return "access key of the profile"
}

// TokenRole is the role that is had for a web identity token, "" if none is.
func (p *Profile) TokenRole() string {
	if p.Bypassed && p.token {
		return p.env.Get("AWS_ROLE_ARN")
	}
	role := ""
	p.each(func(s *config.SharedConfig) {
		if s.WebIdentityTokenFile != "" {
			role = s.RoleARN
		}
	})
	return role
}
