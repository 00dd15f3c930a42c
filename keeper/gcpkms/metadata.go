package gcpkms

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/internal/rest"
)

// The metadata server of machines in Google's cloud.
const (
	metadataHost = "169.254.169.254"
	flavor       = "Metadata-Flavor"
	probe        = time.Second // where there is none, nothing may answer
	accountPath  = "/computeMetadata/v1/instance/service-accounts/default/"
)

// ofMachine returns the credential of the machine, the last that is looked for.
func (l *login) ofMachine(ctx context.Context, file string) (*credential, error) {
	host := cmp.Or(env.Env(l.o.Env).Get(varMetadata), metadataHost)
	direct := &rest.Client{Transport: l.o.Transport, Attempts: 1, Limit: probe}
	if direct.Transport == nil {
		direct.Transport = &http.Transport{} // it is in no other network, so without proxies
	}
	m := machine{host, direct, l.o.Now}
	if _, err := m.get(ctx, "/"); err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, &NoCredentialsError{File: file, Host: host}
	}
	slow := &rest.Client{Transport: direct.Transport, Limit: l.o.Attempt}
	m.rest = slow
	c := &credential{source: "the metadata server " + hint.Line(host), quota: l.quota(""), fetch: m.token}
	if email, err := m.get(ctx, accountPath+"email"); err == nil && len(email.Body) < 200 {
		c.account = hint.Line(strings.TrimSpace(string(email.Body)))
	}
	if u, err := m.get(ctx, "/computeMetadata/v1/universe/universe-domain"); err == nil {
		c.universe = strings.TrimSpace(string(u.Body))
	}
	return c, nil
}

// A machine is a metadata server.
type machine struct {
	host string
	rest *rest.Client
	now  func() time.Time
}

// get asks for a path. An answer without the header is one of something else.
func (m machine) get(ctx context.Context, path string) (*rest.Answer, error) {
	a, err := m.rest.Do(ctx, rest.Call{Method: http.MethodGet, URL: "http://" + m.host + path, Header: http.Header{flavor: {"Google"}}})
	if err != nil {
		return nil, err
	}
	if a.Header.Get(flavor) != "Google" {
		return nil, &rest.ForeignError{Host: m.host, Status: a.Status}
	}
	if !a.OK() {
		return nil, &Refusal{Host: m.host, Code: a.Status, Message: firstLine(string(a.Body))}
	}
	return a, nil
}

func (m machine) token(ctx context.Context) (rest.Token, error) {
	a, err := m.get(ctx, accountPath+"token?scopes="+url.QueryEscape(strings.Join(scopes(), ",")))
	if err != nil {
		return rest.Token{}, err
	}
	var out struct {
		Token   string `json:"access_token"`
		Seconds int64  `json:"expires_in"`
	}
	if err := a.Decode(&out); err != nil {
		return rest.Token{}, err
	}
	if out.Token == "" {
		return rest.Token{}, &rest.ForeignError{Host: m.host, Status: a.Status}
	}
	return rest.Token{Secret: out.Token, Expires: m.now().Add(time.Duration(out.Seconds) * time.Second)}, nil
}

// firstLine returns the beginning of a text that may be a page.
func firstLine(text string) string {
	const most = 200
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return hint.Short(line, most)
}
