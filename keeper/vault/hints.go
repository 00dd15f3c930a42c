package vault

import (
	"errors"
	"fmt"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/internal/rest"
	"github.com/seed-1f7fdfb8/sops/keeper/vault/vaultkey"
)

// Hints says what helps.
func (e *Error) Hints() []string {
	if errors.As(e.Err, new(*serverError)) {
		return nil // it has its own
	}
	c := e.call
	command := func(format string, args ...any) string {
		return "vault " + fmt.Sprintf(format, args...)
	}
	at := "-address=" + hint.ShellWord(c.address())
	switch e.Cause {
	case NoToken:
		return []string{"log in: " + command("login %s", at), "or set VAULT_TOKEN to a token"}
	case TokenRefused:
		return []string{"log in again: " + command("login %s", at), "see what the token is: " + command("token lookup %s", at)}
	case PolicyDenies:
		return c.policyHints(command, at)
	case NoMount:
		return []string{
			"see which mounts there are: " + command("secrets list %s", at),
			"if the mount is in a namespace, set VAULT_NAMESPACE, or write the namespace before the mount: " + c.shownAddress() + "/v1/NAMESPACE/" + clean(c.key.Text(vaultkey.FieldEngine)) + "/keys/" + clean(c.key.Text(vaultkey.FieldName)),
		}
	case NoKey:
		return []string{"see which keys there are: " + command("list %s %s", at, hint.ShellWord(c.mount()+"/keys"))}
	case WrongType, TooOld:
		return []string{"look at the key: " + command("read %s %s", at, hint.ShellWord(c.mount()+"/keys/"+c.key.Text(vaultkey.FieldName)))}
	case WrongKey, BadCiphertext:
		return []string{"take the entry from an earlier version of the file: git log -p -- FILE"}
	case Throttled:
		return []string{"run it again in a moment"}
	case Unavailable:
		return []string{"see how the server is: " + command("status %s", at)}
	case Untrusted:
		return []string{"set VAULT_CACERT to the file with the certificate of the authority, in PEM"}
	case WantsTLS:
		return c.schemeHint()
	case Unreachable, BadAnswer:
		return []string{rest.WayHint("server", c.address()+"/v1/sys/health", "HTTPS_PROXY and NO_PROXY")}
	}
	return nil
}

func (c *call) mount() string { return strings.Trim(c.key.Text(vaultkey.FieldEngine), "/") }

func (c *call) policyHints(command func(string, ...any) string, at string) []string {
	all := []string{fmt.Sprintf("the policy of the token needs: path %q { capabilities = [\"update\"] }", hint.Line(c.path()))}
	if c.verb == encrypt {
		all = append(all, "if there is no such key, make it: "+command("write %s -f %s", at, hint.ShellWord(c.mount()+"/keys/"+c.key.Text(vaultkey.FieldName))))
	}
	return append(all, "see what the token may do: "+command("token capabilities %s %s", at, hint.ShellWord(c.path())))
}

func (c *call) schemeHint() []string {
	if after, ok := strings.CutPrefix(c.address(), "http://"); ok {
		return []string{"write https://" + clean(after) + " in the name of the key"}
	}
	return []string{"write http:// instead of https:// in the name of the key, if the server is on this machine"}
}
