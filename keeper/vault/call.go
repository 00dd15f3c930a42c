package vault

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/rest"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/vault/vaultkey"
)

// Verbs of the transit engine, which are names of paths too.
const (
	encrypt = "encrypt"
	decrypt = "decrypt"
)

// A call is one use of a key.
type call struct {
	key   keeper.MasterKey
	verb  string
	body  map[string]string
	url   string
	token *token
}

func (c *call) address() string { return strings.TrimRight(c.key.Text(vaultkey.FieldAddress), "/") }

func (c *call) shownAddress() string { return clean(c.address()) }

// path is what is called, without v1/, as policies have it.
func (c *call) path() string {
	return strings.Trim(c.key.Text(vaultkey.FieldEngine), "/") + "/" + c.verb + "/" + c.key.Text(vaultkey.FieldName)
}

// target makes the URL of the call. Names of a file cannot lead to other paths.
func (c *call) target() (string, error) {
	u, err := url.Parse(c.address())
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return "", fmt.Errorf("%s %q is not the address of a server", vaultkey.FieldAddress, c.shownAddress())
	case u.User != nil:
		return "", fmt.Errorf("%s has a user name or a password", vaultkey.FieldAddress)
	case u.RawQuery != "" || u.Fragment != "" || u.ForceQuery:
		return "", fmt.Errorf("%s %q has more than a path", vaultkey.FieldAddress, c.shownAddress())
	case c.key.Text(vaultkey.FieldName) == "" || strings.Contains(c.key.Text(vaultkey.FieldName), "/"):
		return "", fmt.Errorf("%s %q is not the name of a key", vaultkey.FieldName, clean(c.key.Text(vaultkey.FieldName)))
	}
	segments := strings.Split(c.path(), "/")
	for i, s := range segments {
		if s == "" || s == "." || s == ".." {
			return "", fmt.Errorf("%s %q is not the path of a mount", vaultkey.FieldEngine, clean(c.key.Text(vaultkey.FieldEngine)))
		}
		segments[i] = url.PathEscape(s)
	}
	return c.address() + "/v1/" + strings.Join(segments, "/"), nil
}

// admit refuses a server that a token must not be sent to.
func (s *settings) admit(c *call) error {
	target, err := c.target()
	if err != nil {
		return c.wrap(BadName, err)
	}
	if err := s.admitServer(c.address()); err != nil {
		return c.wrap(NotAllowed, err)
	}
	c.url = target
	return nil
}

// admitServer reports why no token must be sent to a server.
func (s *settings) admitServer(address string) error {
	if !s.allow.admits(address) {
		return &serverError{reason: "SOPS_HC_VAULT_ALLOWLIST does not allow the server " + clean(address), hint: "if the server is meant, add it: SOPS_HC_VAULT_ALLOWLIST=" + clean(address)}
	}
	if s.allow.names(address) || s.address != "" && sameServer(s.address, address) {
		return nil // the user says so
	}
	if err := rest.CheckURL(address); err != nil {
		return &serverError{
			reason: fmt.Sprintf("no token is sent to %s: %v", clean(address), err),
			hint:   "if the server is meant, name it: SOPS_HC_VAULT_ALLOWLIST=" + clean(address),
		}
	}
	return nil
}

// A serverError is a server that a token is not sent to.
type serverError struct{ reason, hint string }

func (e *serverError) Error() string { return e.reason }

// Hints says how to allow the server.
func (e *serverError) Hints() []string { return []string{e.hint} }

func isRedirect(status int) bool {
	return slices.Contains([]int{http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect}, status)
}

// redirected returns where a standby sends its clients: the same call at another
// server that a token may be sent to, and never from TLS to none.
func (s *settings) redirected(address, target string, answer *rest.Answer) (string, error) {
	refuse := func(format string, args ...any) (string, error) {
		return "", fmt.Errorf("%s sends the call elsewhere, %s", clean(answer.Host), fmt.Sprintf(format, args...))
	}
	from, err := url.Parse(target)
	if err != nil {
		return "", err
	}
	to, err := from.Parse(answer.Header.Get("Location"))
	switch {
	case err != nil || answer.Header.Get("Location") == "":
		return refuse("but does not say where")
	case s.noRedirects:
		return refuse("which VAULT_DISABLE_REDIRECTS forbids")
	case from.Scheme == "https" && to.Scheme != "https":
		return refuse("to %s, which is not https", clean(to.Host))
	case to.User != nil || !strings.HasSuffix(to.EscapedPath(), strings.TrimPrefix(from.EscapedPath(), pathOf(address))):
		return refuse("to another path: %s", clean(to.Redacted()))
	}
	if err := s.admitServer(to.Scheme + "://" + to.Host); err != nil {
		return "", err
	}
	return to.String(), nil
}

func pathOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.EscapedPath()
}

// sameServer reports whether two addresses are of one server.
func sameServer(a, b string) bool {
	u, err := url.Parse(a)
	if err != nil {
		return false
	}
	v, err := url.Parse(b)
	return err == nil && u.Scheme == v.Scheme && u.User == nil && v.User == nil && hostPort(u) == hostPort(v)
}

func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return strings.ToLower(u.Hostname()) + ":" + port
}

// An allowList says which servers files may name.
type allowList struct {
	all      bool
	prefixes []string
}

func newAllowList(text string) (allowList, error) {
	switch strings.TrimSpace(text) {
	case "", "all":
		return allowList{all: true}, nil
	case "none":
		return allowList{}, nil
	}
	a := allowList{prefixes: keeper.Words(text)}
	for _, p := range a.prefixes {
		if u, err := url.Parse(p); err != nil || u.Host == "" || u.User != nil {
			return a, fmt.Errorf("SOPS_HC_VAULT_ALLOWLIST: %q is not the address of a server", clean(p))
		}
	}
	if len(a.prefixes) == 0 {
		return a, errors.New("SOPS_HC_VAULT_ALLOWLIST names no server; write none to allow none")
	}
	return a, nil
}

func (a allowList) admits(address string) bool { return a.all || a.names(address) }

// names reports whether the list has the server itself, as SOPS compares it: the
// port counts, and a path begins with a slash.
func (a allowList) names(address string) bool {
	return slices.ContainsFunc(a.prefixes, func(prefix string) bool {
		prefix = strings.TrimRight(prefix, "/")
		rest, ok := strings.CutPrefix(address, prefix)
		return ok && (rest == "" || rest[0] == '/')
	})
}
