package huaweikms

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/internal/rest"
)

// Variables that are read here, beside those of endpoints.
const (
	varAK       = "HUAWEICLOUD_SDK_AK"
	varSK       = "HUAWEICLOUD_SDK_SK"
	varSecurity = "HUAWEICLOUD_SDK_SECURITY_TOKEN"
	varProject  = "HUAWEICLOUD_SDK_PROJECT_ID"
	varFile     = "HUAWEICLOUD_SDK_CREDENTIALS_FILE"
	varFederate = "HUAWEICLOUD_SDK_IDP_ID"
	varMetadata = "SOPS_HUAWEICLOUD_METADATA"
)

// credentials are an access key and what came with it.
type credentials struct {
	access, secret, security string
	project, iam             string // "" if they are not given
	from                     string
	expires                  time.Time // zero: never
}

// early is how long before their end temporary credentials are replaced.
const early = time.Minute

// A NoCredentialsError says that there are no credentials, and where they were
// looked for.
type NoCredentialsError struct{ Looked []string }

func (e *NoCredentialsError) Error() string {
	return "there are no credentials for Huawei Cloud: " + strings.Join(e.Looked, ", ")
}

// credentials returns those of the run, which are looked for once, and again
// shortly before they end.
func (k *Keeper) credentials(ctx context.Context) (*credentials, error) {
	good := func(c *credentials) bool { return c.expires.IsZero() || k.o.Now().Before(c.expires.Add(-early)) }
	return k.found.Get(ctx, good, func(ctx context.Context) (*credentials, error) {
		c, err := k.find(ctx)
		if err == nil {
			err = c.check()
		}
		return c, err
	})
}

// check reports what cannot be part of credentials.
func (c *credentials) check() error {
	for _, text := range []string{c.access, c.secret, c.security} {
		if strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' || r == ',' }) {
			return fmt.Errorf("%s: the access key holds a character that none has", c.from)
		}
	}
	if c.project != "" && !isProject(c.project) {
		return fmt.Errorf("%s: %q is not the id of a project", c.from, clean(c.project))
	}
	return nil
}

// find looks where Huawei's SDK does: in variables, in the credentials file, and
// at the metadata service of the machine.
func (k *Keeper) find(ctx context.Context) (*credentials, error) {
	get := env.Env(k.o.Env).Get
	switch {
	case get(varAK) != "" && get(varSK) != "":
		return &credentials{
			access: get(varAK), secret: get(varSK), security: get(varSecurity), project: get(varProject), from: varAK,
		}, nil
	case get(varAK) != "" || get(varSK) != "":
		return nil, fmt.Errorf("only one of %s and %s is set", varAK, varSK)
	case get(varFederate) != "":
		return nil, fmt.Errorf("%s: federation is not supported; set %s, %s and %s instead", varFederate, varAK, varSK, varSecurity)
	}
	none := &NoCredentialsError{Looked: []string{varAK + " is not set"}}
	c, why, err := k.fromFile()
	if c != nil || err != nil {
		return c, err
	}
	none.Looked = append(none.Looked, why)
	if c, err = k.fromMetadata(ctx); err == nil {
		return c, nil
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	none.Looked = append(none.Looked, err.Error())
	return nil, none
}

// fromFile reads the credentials file. Where it is not there, why says so.
func (k *Keeper) fromFile() (c *credentials, why string, err error) {
	path := env.Env(k.o.Env).Get(varFile)
	shown, named := varFile+" ("+clean(path)+")", path != ""
	if !named {
		home := env.Env(k.o.Env).Home()
		if home == "" {
			return nil, "HOME is not set", nil
		}
		path, shown = filepath.Join(home, ".huaweicloud", "credentials"), "~/.huaweicloud/credentials"
	}
	const most = 1 << 20
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !named:
		return nil, "there is no " + shown, nil
	case err != nil:
		return nil, "", fmt.Errorf("%s: %w", shown, reasonOf(err))
	case !info.Mode().IsRegular() || info.Size() > most:
		return nil, "", fmt.Errorf("%s is not a file of credentials", shown)
	}
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", shown, reasonOf(err))
	}
	// SOPS reads [basic], and its manual says [default].
	sections := parseINI(src)
	for _, name := range []string{"basic", "default"} {
		s := sections[name]
		if s["ak"] == "" || s["sk"] == "" {
			continue
		}
		return &credentials{
			access: s["ak"], secret: s["sk"], security: s["security_token"], iam: s["iam_endpoint"], from: shown + " [" + name + "]",
			project: cmp.Or(env.Env(k.o.Env).Get(varProject), s["project_id"]),
		}, "", nil
	}
	return nil, "", fmt.Errorf("%s has no section [basic] with ak and sk", shown)
}

// reasonOf returns why a file cannot be read, without its name.
func reasonOf(err error) error {
	if e := (*fs.PathError)(nil); errors.As(err, &e) {
		return e.Err
	}
	return err
}

// parseINI reads sections of names and values. What is neither is left out.
func parseINI(src []byte) map[string]map[string]string {
	all, section := map[string]map[string]string{}, ""
	for line := range bytes.Lines(bytes.TrimPrefix(src, []byte("\xef\xbb\xbf"))) {
		text := strings.TrimSpace(string(line))
		if name, ok := strings.CutPrefix(text, "["); ok {
			section = strings.TrimSpace(strings.TrimSuffix(name, "]"))
			continue
		}
		name, value, ok := strings.Cut(text, "=")
		if !ok || strings.HasPrefix(text, "#") || strings.HasPrefix(text, ";") {
			continue
		}
		if all[section] == nil {
			all[section] = map[string]string{}
		}
		all[section][strings.ToLower(strings.TrimSpace(name))] = strings.Trim(strings.TrimSpace(value), `"'`)
	}
	return all
}

// fromMetadata asks the machine for the keys of its agency. Where there is no
// such service nothing answers, which is not waited for.
func (k *Keeper) fromMetadata(ctx context.Context) (*credentials, error) {
	const usual, patience, life = "http://169.254.169.254", time.Second, "21600"
	at := env.Env(k.o.Env).Get(varMetadata)
	switch {
	case at == "none":
		return nil, errors.New(varMetadata + " is none")
	case at == "":
		at = usual
	case !strings.HasPrefix(at, "http://") && !strings.HasPrefix(at, "https://"):
		return nil, errors.New(varMetadata + " is neither none nor a URL")
	}
	t, ok := rest.NewTransport().(*http.Transport)
	if !ok {
		return nil, errors.New("the metadata service cannot be asked")
	}
	t.Proxy = nil // the service is a part of the machine
	defer t.CloseIdleConnections()
	client := &rest.Client{Transport: t, Limit: patience, Attempts: 1}
	nothing := errors.New("the metadata service of a machine does not answer")
	token, err := client.Do(ctx, rest.Call{
		Method: http.MethodPut, URL: at + "/meta-data/latest/api/token", Header: http.Header{"X-Metadata-Token-Ttl-Seconds": {life}},
	})
	if err != nil {
		return nil, nothing
	}
	header := http.Header{}
	if text := string(bytes.TrimSpace(token.Body)); token.OK() && !strings.ContainsAny(text, "\r\n") {
		header.Set("X-Metadata-Token", text)
	}
	got, err := client.Do(ctx, rest.Call{Method: http.MethodGet, URL: at + "/openstack/latest/securitykey", Header: header})
	if err != nil {
		return nil, nothing
	}
	var out struct {
		Credential struct {
			Access, Secret, SecurityToken string
			ExpiresAt                     time.Time `json:"expires_at"`
		}
	}
	if err := got.Decode(&out); err != nil || !got.OK() || out.Credential.Access == "" || out.Credential.Secret == "" {
		return nil, errors.New("the metadata service gives none: the machine has no agency")
	}
	c := out.Credential
	return &credentials{
		access: c.Access, secret: c.Secret, security: c.SecurityToken, expires: c.ExpiresAt, project: env.Env(k.o.Env).Get(varProject), from: "the metadata service",
	}, nil
}
