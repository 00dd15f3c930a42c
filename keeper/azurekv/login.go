package azurekv

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/internal/kept"
	"github.com/seed-1f7fdfb8/sops/internal/rest"
)

const varAuthority = "AZURE_AUTHORITY_HOST"

// A want is what a token is to be for.
type want struct{ audience, tenant, claims string }

// early is how long before its end a token is not used any more.
const early = time.Minute

// logins has a login for each cloud, since each has its own Entra ID.
type logins struct {
	o    Options
	rest *rest.Client
	mu   sync.Mutex
	all  map[string]*login
}

// of returns the login for a key: where the user says, or of the vault's cloud.
func (l *logins) of(r reference) *login {
	authority := cmp.Or(env.Env(l.o.Env).Get(varAuthority), r.login, clouds()[0].login)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all == nil {
		l.all = map[string]*login{}
	}
	if l.all[authority] == nil {
		l.all[authority] = &login{o: l.o, rest: l.rest, authority: authority, has: map[want]rest.Token{}}
	}
	return l.all[authority]
}

// A finding is the member of the chain that gives tokens.
type finding struct {
	member
	skipped []string // members before it, and why they give none
}

// A login finds the credential of the run once, and fetches a token only where
// there is none that is good. Calls that run at once wait for one fetch; it ends
// with the call that makes it, and the next one begins its own.
type login struct {
	o         Options
	rest      *rest.Client
	authority string
	turn      kept.Turn // held by the call that uses what is below
	found     *finding
	has       map[want]rest.Token
}

// token returns a token, and where it is from.
func (l *login) token(ctx context.Context, w want) (rest.Token, *finding, error) {
	leave, err := l.turn.Take(ctx)
	if err != nil {
		return rest.Token{}, nil, err
	}
	defer leave()
	if t := l.has[w]; t.Lasts(l.o.Now(), early) {
		return t, l.found, nil
	}
	t, err := l.fetch(ctx, w)
	if err == nil {
		l.has[w] = t
	}
	return t, l.found, err
}

// forget drops a token that the service did not take, unless another call has
// replaced it by now.
func (l *login) forget(ctx context.Context, w want, t rest.Token) {
	leave, err := l.turn.Take(ctx)
	if err != nil {
		return
	}
	defer leave()
	if l.has[w] == t {
		delete(l.has, w)
	}
}

// fetch asks the members of the chain in their order, and from then on the one
// that has answered.
func (l *login) fetch(ctx context.Context, w want) (rest.Token, error) {
	if l.found != nil {
		return l.ask(ctx, &l.found.member, w)
	}
	members, err := l.members()
	if err != nil {
		return rest.Token{}, err
	}
	var skipped []string
	for _, m := range members {
		t, err := l.ask(ctx, &m, w)
		switch {
		case err == nil:
			l.found = &finding{m, skipped}
			return t, nil
		case ctx.Err() != nil || m.final:
			return rest.Token{}, err
		}
		skipped = append(skipped, err.Error())
	}
	return rest.Token{}, &NoCredentialsError{Tried: skipped}
}

// ask gets a token of one member.
func (l *login) ask(ctx context.Context, m *member, w want) (t rest.Token, err error) {
	err = l.rest.Limited(ctx, func(ctx context.Context) error {
		credential, err := m.make(ctx)
		if err != nil {
			return err
		}
		options := policy.TokenRequestOptions{Scopes: []string{"https://" + w.audience + "/.default"}, TenantID: w.tenant, Claims: w.claims, EnableCAE: true}
		got, err := credential.GetToken(ctx, options)
		t = rest.Token{Secret: got.Token, Expires: got.ExpiresOn}
		return err
	})
	if err != nil {
		return rest.Token{}, tokenError(m, err)
	}
	return t, nil
}

// who names the identity for errors: the member of the chain, and what the token
// says of whose it is.
func (s *session) who() string {
	if s.found == nil {
		return ""
	}
	text := s.found.name
	if c := claimsOf(s.token.Secret); c.String() != "" {
		text = c.String() + ", from " + text
	}
	return text
}

// claims are what a token says of whose it is. Nothing depends on them.
type claims struct {
	User  string `json:"upn"`
	Name  string `json:"unique_name"`
	App   string `json:"appid"`
	Party string `json:"azp"`
	Owner string `json:"oid"`
	Home  string `json:"tid"`
}

func (c claims) String() string {
	text := cmp.Or(c.User, c.Name)
	if app := cmp.Or(c.App, c.Party); text == "" && app != "" {
		text = "application " + app
	}
	if text != "" && c.Home != "" {
		text = fmt.Sprintf("%s of tenant %s", text, c.Home)
	}
	return hint.Line(text)
}

func claimsOf(secret string) claims {
	var c claims
	parts := strings.Split(secret, ".")
	if len(parts) != 3 { // header, claims, signature
		return c
	}
	if body, err := base64.RawURLEncoding.DecodeString(parts[1]); err == nil && json.Unmarshal(body, &c) != nil {
		return claims{}
	}
	return c
}
