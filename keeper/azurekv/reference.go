package azurekv

import (
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// varAllow has hosts that vaults may be at beside those of Azure.
const varAllow = "SOPS_AZURE_ALLOW_HOSTS"

// A cloud is one of Azure's, with the domains of its vaults.
type cloud struct {
	login   string
	domains []string // each the audience of tokens for the hosts below it, too
}

func clouds() []cloud {
	return []cloud{
		{"https://login.microsoftonline.com/", []string{"vault.azure.net", "managedhsm.azure.net"}},
		{"https://login.chinacloudapi.cn/", []string{"vault.azure.cn", "managedhsm.azure.cn"}},
		{"https://login.microsoftonline.us/", []string{"vault.usgovcloudapi.net", "managedhsm.usgovcloudapi.net"}},
		{"https://login.microsoftonline.de/", []string{"vault.microsoftazure.de"}},
	}
}

// A reference is a key of a vault.
type reference struct {
	host          string // in lower case, with a port if it is not 443
	name, version string
	domain, login string // of its cloud; "" for a host that the user allows
}

// String is the URL of the key.
func (r reference) String() string {
	text := "https://" + r.host + "/keys/" + r.name
	if r.version != "" {
		text += "/" + r.version
	}
	return text
}

// vault is the name of the vault, for the command az.
func (r reference) vault() string {
	name, _, _ := strings.Cut(r.host, ".")
	return name
}

func (r reference) isHSM() bool { return strings.HasPrefix(r.domain, "managedhsm.") }

// path returns the part of the URL of an operation. A key without a version
// leaves its place empty.
func (r reference) path(v verb) string {
	return "/keys/" + url.PathEscape(r.name) + "/" + url.PathEscape(r.version) + "/" + string(v)
}

// A ReferenceError is an entry that names no key which may be asked.
type ReferenceError struct{ What, Reason, advice string }

func (e *ReferenceError) Error() string {
	return fmt.Sprintf("Azure Key Vault: %q %s", hint.Line(e.What), e.Reason)
}

// Hints says what to write.
func (e *ReferenceError) Hints() []string { return []string{e.advice} }

const writeURL = "write https://VAULT.vault.azure.net/keys/NAME or .../keys/NAME/VERSION, as this prints it: az keyvault key list-versions --vault-name VAULT --name NAME"

// reference reads what m says, and whether its host may be asked.
func (k *Keeper) reference(m keeper.MasterKey) (reference, error) {
	r := reference{name: m.Text(fieldName), version: m.Text(fieldVersion)}
	if !isWord(r.name) {
		return r, &ReferenceError{r.name, "is not the name of a key", writeURL}
	}
	if r.version != "" && !isWord(r.version) {
		return r, &ReferenceError{r.version, "is not the version of a key", writeURL}
	}
	var err error
	r.host, err = hostOf(m.Text(fieldURL))
	if err != nil {
		return r, err
	}
	for _, c := range clouds() {
		for _, d := range c.domains {
			if below(r.host, d) {
				r.domain, r.login = d, c.login
				return r, nil
			}
		}
	}
	if !allows(k.o.Env, r.host) {
		return r, &ReferenceError{
			m.Text(fieldURL), "is not at a host of Azure, and gets no token",
			"if you trust that host with a token of yours, set " + varAllow + "=" + hint.ShellWord(r.host),
		}
	}
	return r, nil
}

// hostOf reads https://HOST[:PORT][/].
func hostOf(text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return "", &ReferenceError{text, "is not the URL of a vault", writeURL}
	}
	host := strings.ToLower(u.Hostname())
	if port := u.Port(); port != "" && port != "443" {
		return net.JoinHostPort(host, port), nil
	}
	return host, nil
}

// below reports whether a host is one name below a domain, at the usual port.
func below(host, domain string) bool {
	name, ok := strings.CutSuffix(host, "."+domain)
	return ok && name != "" && !strings.ContainsAny(name, ".:")
}

func allows(e env.Env, host string) bool {
	for _, h := range keeper.Words(e.Get(varAllow)) {
		if strings.EqualFold(h, host) {
			return true
		}
	}
	return false
}

// isWord reports whether a text can be a name: what the service has are letters,
// digits and hyphens.
func isWord(text string) bool {
	const most = 127
	return text != "" && len(text) <= most && strings.IndexFunc(text, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-' || r == '_')
	}) < 0
}
