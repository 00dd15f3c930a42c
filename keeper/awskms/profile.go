package awskms

import (
	"bufio"
	"cmp"
	"context"
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

// A profile is a section of the shared configuration files.
type profile struct {
	name     string
	shared   config.SharedConfig
	bypassed bool // the credentials come from the environment, the rest from here
	token    bool // and are those of a web identity
}

// profile reads a profile once a run. "" is the default one, which need not
// exist.
func (k *Keeper) profile(name string) (*profile, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if p := k.profiles[name]; p != nil {
		return p, nil
	}
	files := sharedFiles(k.o.Env)
	// The answer is for the whole run, so it is not that of the call which
	// happens to ask first and may be given up.
	options := func(o *config.LoadSharedConfigOptions) {
		o.ConfigFiles, o.CredentialsFiles, o.Logger = files.config, files.credentials, logging.Nop{}
	}
	shared, err := config.LoadSharedConfigProfile(context.Background(), cmp.Or(name, "default"), options)
	if name == "" && missing(err, "default") {
		err = nil
	}
	if err != nil {
		return nil, err
	}
	p := &profile{name: name, shared: shared, bypassed: name == "" && fromEnvironment(k.o.Env)}
	if asked := askedProfile(k.o.Env); p.bypassed && asked != "" {
		// The credentials do not come from it, but it was meant to count.
		if _, err := config.LoadSharedConfigProfile(context.Background(), asked, options); err != nil {
			return nil, err
		}
	}
	if _, ok := envCredentials(k.o.Env); p.bypassed && !ok {
		p.token = true
	}
	k.profiles[name] = p
	return p, nil
}

// each calls f for the profile and those it takes its credentials from.
func (p *profile) each(f func(s *config.SharedConfig)) {
	for s := &p.shared; s != nil && !p.bypassed; s = s.Source {
		f(s)
	}
}

// assumes reports whether STS has to give the credentials.
func (p *profile) assumes() bool {
	found := p.bypassed && p.token
	p.each(func(s *config.SharedConfig) { found = found || s.RoleARN != "" })
	return found
}

// process returns the program that has to give the credentials, or "". As in
// the SDK, it comes after everything else that a profile may have.
func (p *profile) process() string {
	var last *config.SharedConfig
	p.each(func(s *config.SharedConfig) { last = s })
	if last == nil || last.Credentials.HasKeys() || last.CredentialSource != "" || last.WebIdentityTokenFile != "" ||
		last.SSOSessionName != "" || last.SSOStartURL != "" || last.LoginSession != "" {
		return ""
	}
	return last.CredentialProcess
}

// roles returns the roles that the profile assumes, in that order.
func (p *profile) roles() []hop {
	var all []hop
	p.each(func(s *config.SharedConfig) {
		if s.RoleARN == "" {
			return
		}
		h := hop{role: s.RoleARN, externalID: s.ExternalID, sessionName: s.RoleSessionName, serial: s.MFASerial}
		if s.RoleDurationSeconds != nil {
			h.duration = *s.RoleDurationSeconds
		}
		all = append(all, h)
	})
	slices.Reverse(all)
	return all
}

// serials returns the MFA devices that the profile asks for.
func (p *profile) serials() []string {
	var all []string
	p.each(func(s *config.SharedConfig) {
		if s.MFASerial != "" {
			all = append(all, s.MFASerial)
		}
	})
	return all
}

// login returns the command that logs in to the profile, or "".
func (p *profile) login() string {
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

// files are the paths of the shared configuration; nil lets the SDK choose.
type files struct{ config, credentials []string }

func sharedFiles(e env.Env) files {
	pick := func(variable, name string) []string {
		if path := e.Get(variable); path != "" {
			return []string{path}
		}
		if home := e.Home(); home != "" {
			return []string{filepath.Join(home, ".aws", name)}
		}
		return []string{}
	}
	return files{pick("AWS_CONFIG_FILE", "config"), pick("AWS_SHARED_CREDENTIALS_FILE", "credentials")}
}

// profileNames lists the profiles of this machine.
func profileNames(e env.Env) []string {
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
	f := sharedFiles(e)
	add(f.config, "profile ")
	add(f.credentials, "")
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
	_, ok := envCredentials(e)
	return ok || e.Get("AWS_WEB_IDENTITY_TOKEN_FILE") != ""
}

// envCredentials returns the access key of the environment.
func envCredentials(e env.Env) (aws.Credentials, bool) {
	c := aws.Credentials{
		AccessKeyID:     cmp.Or(e.Get("AWS_ACCESS_KEY_ID"), e.Get("AWS_ACCESS_KEY")),
		SecretAccessKey: cmp.Or(e.Get("AWS_SECRET_ACCESS_KEY"), e.Get("AWS_SECRET_KEY")),
		SessionToken:    e.Get("AWS_SESSION_TOKEN"),
		Source:          "the environment",
	}
	return c, c.HasKeys()
}
