package azurekv

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/internal/rest"
)

// A verb is what a key is used for.
type verb string

const (
	encrypting verb = "encrypt"
	decrypting verb = "decrypt"
)

// What every call says.
const (
	apiVersion = "7.4" // known to every cloud, and to Managed HSM
	algorithm  = "RSA-OAEP-256"
)

// An outcome is what an operation gives.
type outcome struct {
	version string // that was used
	value   []byte
}

// operate does a thing with a key. It gets a token for the audience that the
// host's domain says, and where the service wants another one (a tenant, or
// claims), does as the service says, once.
func (k *Keeper) operate(ctx context.Context, r reference, v verb, value []byte) (outcome, error) {
	s := &session{k: k, r: r, v: v, login: k.logins.of(r)}
	out, err := s.run(ctx, value)
	if err != nil {
		return outcome{}, s.failed(err)
	}
	return out, nil
}

// A session is one operation on its way.
type session struct {
	k     *Keeper
	r     reference
	v     verb
	login *login
	token rest.Token
	found *finding // where the token is from; nil before there is one
}

func (s *session) run(ctx context.Context, value []byte) (outcome, error) {
	w := want{audience: s.r.domain}
	if s.r.domain == "" { // a host of the user says itself what it wants
		challenged, err := s.send(ctx, nil)
		if err != nil {
			return outcome{}, err
		}
		if w, err = s.follow(challenged); err != nil {
			return outcome{}, err
		}
	}
	body := map[string]string{"alg": algorithm, "value": base64.RawURLEncoding.EncodeToString(value)}
	for again := true; ; again = false {
		var err error
		if s.token, s.found, err = s.login.token(ctx, w); err != nil {
			return outcome{}, err
		}
		answer, err := s.send(ctx, body)
		if err != nil {
			return outcome{}, err
		}
		if answer.Status == http.StatusUnauthorized && again && answer.Header.Get("WWW-Authenticate") != "" {
			s.login.forget(ctx, w, s.token)
			if w, err = s.follow(answer); err != nil {
				return outcome{}, err
			}
			continue
		}
		if !answer.OK() {
			return outcome{}, refusalOf(answer)
		}
		return s.outcome(answer)
	}
}

// send makes a request, with neither token nor body if there is none.
func (s *session) send(ctx context.Context, body map[string]string) (*rest.Answer, error) {
	call := rest.Call{
		Method: http.MethodPost, URL: "https://" + s.r.host + s.r.path(s.v) + "?api-version=" + url.QueryEscape(apiVersion),
		Header: http.Header{},
	}
	if body != nil {
		call.Body = body
		call.Header.Set("Authorization", "Bearer "+s.token.Secret)
	}
	return s.k.rest.Do(ctx, call)
}

// follow reads what the service wants. An audience of another domain would be a
// way to get a token that opens other doors.
func (s *session) follow(a *rest.Answer) (want, error) {
	c := parseChallenge(a.Header.Get("WWW-Authenticate"))
	u, err := url.Parse(c.resource)
	if err != nil || u.Hostname() == "" {
		return want{}, refusalOf(a)
	}
	audience := strings.ToLower(u.Hostname())
	if s.r.domain == "" && !isAudience(audience) || s.r.domain != "" && audience != s.r.domain {
		return want{}, &AudienceError{Host: s.r.host, Audience: audience}
	}
	return want{audience: audience, tenant: c.tenant, claims: c.claims}, nil
}

func isAudience(domain string) bool {
	for _, c := range clouds() {
		for _, d := range c.domains {
			if d == domain {
				return true
			}
		}
	}
	return false
}

// An AudienceError is a vault that wants a token for something else.
type AudienceError struct{ Host, Audience string }

func (e *AudienceError) Error() string {
	return fmt.Sprintf("%s wants a token for %s, which is not for it: it gets none", e.Host, hint.Line(e.Audience))
}

// outcome reads an answer, which must be about the key that was asked for.
func (s *session) outcome(a *rest.Answer) (outcome, error) {
	var in struct{ Kid, Value string }
	if err := a.Decode(&in); err != nil {
		return outcome{}, err
	}
	version, ok := s.r.versionIn(in.Kid)
	if !ok {
		return outcome{}, &IntegrityError{"it is about another key, " + hint.Line(in.Kid)}
	}
	value, err := base64.RawURLEncoding.DecodeString(in.Value)
	if err != nil || len(value) == 0 {
		return outcome{}, &IntegrityError{"its value is not base64url"}
	}
	return outcome{version, value}, nil
}

// versionIn returns the version of https://HOST/keys/NAME/VERSION, and whether
// that is the key r.
func (r reference) versionIn(kid string) (string, bool) {
	u, err := url.Parse(kid)
	if err != nil {
		return "", false
	}
	parts := strings.Split(strings.TrimPrefix(u.Path, "/"), "/")
	if len(parts) != 3 || parts[0] != "keys" || !strings.EqualFold(parts[1], r.name) || !isWord(parts[2]) {
		return "", false
	}
	host, _, _ := strings.Cut(r.host, ":")
	if r.domain != "" && !strings.EqualFold(u.Hostname(), host) { // a host of the user's may be another's front
		return "", false
	}
	return parts[2], r.version == "" || strings.EqualFold(parts[2], r.version)
}

// An IntegrityError is an answer that is not to the question.
type IntegrityError struct{ Reason string }

func (e *IntegrityError) Error() string { return "the answer is not believed: " + e.Reason }
