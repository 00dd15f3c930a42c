package gcpkms

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"

	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/internal/rest"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// Variables of credentials, in the order in which they are looked at.
const (
	varCredentials = "GOOGLE_CREDENTIALS"
	varToken       = "GOOGLE_OAUTH_ACCESS_TOKEN"
	varDefault     = "GOOGLE_APPLICATION_CREDENTIALS"
	varQuota       = "GOOGLE_CLOUD_QUOTA_PROJECT"
	varOwnQuota    = "SOPS_GCP_QUOTA_PROJECT"
	varMetadata    = "GCE_METADATA_HOST"
)

// maxFile is the size of a file of credentials, which has a few kilobytes.
const maxFile = 1 << 20

// scopes are what tokens are for, as SOPS asks for them.
func scopes() []string {
	return []string{"https://www.googleapis.com/auth/cloud-platform", "https://www.googleapis.com/auth/cloudkms"}
}

// A credential is something that tokens are fetched with.
type credential struct {
	source   string // a variable, a file or a server
	kind     string // service_account, ...; "" if there is no file
	account  string // its e-mail address, "" if it is not known
	universe string // "" if it is not known
	quota    quota
	fixed    bool // the token is given, and there is no other
	fetch    func(context.Context) (rest.Token, error)
}

// A quota is the project that pays for calls, if that is not the key's.
type quota struct{ project, source string }

// who names the credential for errors.
func (c *credential) who() string {
	switch {
	case c.account != "":
		return c.account + ", from " + c.source
	case c.kind == "authorized_user":
		return "the user of " + c.source
	}
	return c.source
}

// member is the credential in a policy, as one word of a shell.
func (c *credential) member() string {
	switch {
	case strings.HasSuffix(c.account, ".gserviceaccount.com"):
		return hint.ShellWord("serviceAccount:" + c.account)
	case c.account != "":
		return hint.ShellWord("user:" + c.account)
	}
	return `"user:$(gcloud config get-value account)"`
}

// fits reports whether the credential is of the cloud that is asked for.
func (c *credential) fits(e env.Env) error {
	want := universe(e)
	if c.universe == "" || c.universe == want || e.Get(varEndpoint) != "" && e.Get(varUniverse) == "" && e.Get(varGoogle) == "" {
		return nil
	}
	return &keeper.SettingError{
		Variable: varUniverse,
		Reason:   fmt.Sprintf("the credentials are of the universe %s, and the service is of %s", hint.Line(c.universe), hint.Line(want)),
		Advice:   "set " + varUniverse + " to " + hint.Line(c.universe) + ", or use credentials of " + hint.Line(want),
	}
}

// find returns the first credential that there is. What is set but cannot be
// used is an error: the next one would be another identity.
func (l *login) find(ctx context.Context) (*credential, error) {
	e := env.Env(l.o.Env)
	if text := e.Get(varCredentials); text != "" {
		return l.given(text)
	}
	if secret := e.Get(varToken); secret != "" {
		return &credential{source: varToken, quota: l.quota(""), fixed: true, fetch: func(context.Context) (rest.Token, error) {
			return rest.Token{Secret: secret}, nil
		}}, nil
	}
	if path := e.Get(varDefault); path != "" {
		src, err := readFile(path)
		if err != nil {
			return nil, &keeper.SettingError{Variable: varDefault, Reason: err.Error(), Advice: "set it to the file that has the credentials, or unset it"}
		}
		return l.fromJSON(src, varDefault+" ("+hint.Line(path)+")")
	}
	path := wellKnown(e)
	src, err := readFile(path)
	switch {
	case err == nil:
		return l.fromJSON(src, hint.Line(path))
	case path != "" && !os.IsNotExist(err):
		return nil, err
	}
	return l.ofMachine(ctx, path)
}

// given reads the value of GOOGLE_CREDENTIALS, which is a secret itself if it
// is not the name of a file.
func (l *login) given(text string) (*credential, error) {
	if src, err := readFile(text); err == nil {
		return l.fromJSON(src, varCredentials+" ("+hint.Line(text)+")")
	}
	if !json.Valid([]byte(text)) {
		return nil, &keeper.SettingError{Variable: varCredentials, Reason: "it is neither the name of a readable file nor JSON", Advice: "set it to the file that has the credentials, or to its content; or unset it"}
	}
	return l.fromJSON([]byte(text), varCredentials)
}

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	src, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err != nil {
		return nil, err
	}
	return src, nil
}

// wellKnown is the file that gcloud auth application-default login writes.
func wellKnown(e env.Env) string {
	const file = "application_default_credentials.json"
	if runtime.GOOS == "windows" {
		return filepath.Join(e.Get("APPDATA"), "gcloud", file)
	}
	home := e.Home()
	if home == "" {
		return ""
	}
	return filepath.Join(home, ".config", "gcloud", file)
}

// fromJSON reads a file of credentials, of any of the kinds that Google has: it
// is the user's own.
func (l *login) fromJSON(src []byte, source string) (*credential, error) {
	var f struct {
		Type     string `json:"type"`
		Email    string `json:"client_email"`
		Account  string `json:"account"`
		Quota    string `json:"quota_project_id"`
		Universe string `json:"universe_domain"`
		ActsAs   string `json:"service_account_impersonation_url"`
	}
	if err := json.Unmarshal(src, &f); err != nil {
		return nil, &CredentialError{source, "it is not JSON"}
	}
	c := &credential{source: source, kind: hint.Line(f.Type), account: hint.Line(f.Email), universe: f.Universe, quota: l.quota(f.Quota)}
	if c.account == "" {
		c.account = hint.Line(f.Account)
	}
	if email := impersonated(f.ActsAs); email != "" {
		c.account = hint.Line(email)
	}
	kind := google.CredentialsType(f.Type)
	switch kind {
	case google.ServiceAccount, google.AuthorizedUser, google.ExternalAccount, google.ExternalAccountAuthorizedUser,
		google.ImpersonatedServiceAccount, google.GDCHServiceAccount:
	default:
		return nil, &CredentialError{source, fmt.Sprintf("it has the type %q, which is not one of Google's", c.kind)}
	}
	c.fetch = func(ctx context.Context) (rest.Token, error) {
		ctx = context.WithValue(ctx, oauth2.HTTPClient, l.rest.Within(ctx))
		source, err := sourceOf(ctx, src, kind, f.Universe)
		if err != nil {
			return rest.Token{}, err
		}
		t, err := source.Token()
		if err != nil {
			return rest.Token{}, err
		}
		return rest.Token{Secret: t.AccessToken, Expires: t.Expiry}, nil
	}
	return c, nil
}

// sourceOf returns what fetches tokens. Outside the public cloud a service
// account signs them itself.
func sourceOf(ctx context.Context, src []byte, kind google.CredentialsType, universe string) (oauth2.TokenSource, error) {
	if kind == google.ServiceAccount && universe != "" && universe != public {
		return google.JWTAccessTokenSourceFromJSON(src, "https://cloudkms."+universe+"/")
	}
	c, err := google.CredentialsFromJSONWithType(ctx, src, kind, scopes()...)
	if err != nil {
		return nil, err
	}
	return c.TokenSource, nil
}

// impersonated returns the account of .../serviceAccounts/EMAIL:generateAccessToken.
func impersonated(url string) string {
	_, after, ok := strings.Cut(url, "/serviceAccounts/")
	email, _, ends := strings.Cut(after, ":")
	if !ok || !ends {
		return ""
	}
	return email
}

// quota returns the project that pays: one that the user has set for all, or
// that of the file. It is never guessed, since calls that name a project need
// permissions in it.
func (l *login) quota(ofFile string) quota {
	switch own := env.Env(l.o.Env).Get(varOwnQuota); {
	case own == "none":
		return quota{}
	case own != "":
		return quota{own, varOwnQuota}
	}
	if p := env.Env(l.o.Env).Get(varQuota); p != "" {
		return quota{p, varQuota}
	}
	if ofFile != "" {
		return quota{ofFile, "quota_project_id of the credentials"}
	}
	return quota{}
}
