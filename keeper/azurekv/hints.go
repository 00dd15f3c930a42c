package azurekv

import (
	"fmt"
	"net/http"

	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// adviceOn says what helps against a refusal.
func (s *session) adviceOn(r *Refusal) []string {
	k := s.r
	vault := "--vault-name " + k.vault()
	if k.isHSM() {
		vault = "--hsm-name " + k.vault()
	}
	look := fmt.Sprintf("look at the key: az keyvault key list-versions %s --name %s", vault, k.name)
	switch r.Inner {
	case "ForbiddenByRbac", "AccessDenied", "AccessDeniedByPolicy", "ForbiddenByPolicy":
		return []string{s.grant(r.Inner == "ForbiddenByRbac")}
	case "ForbiddenByFirewall", "ForbiddenByConnection":
		return []string{fmt.Sprintf("the network rules of the vault keep this machine out; who may change them lets it in with: az keyvault network-rule add --name %s --ip-address ADDRESS", k.vault())}
	case "KeyDisabled":
		return []string{fmt.Sprintf("enable the key: az keyvault key set-attributes %s --name %s --version %s --enabled true", vault, k.name, k.version)}
	case "KeyExpired", "KeyNotYetValid":
		return []string{"name a newer version of the key; " + look}
	case "KeyOperationForbidden":
		return []string{fmt.Sprintf("let the key do it: az keyvault key set-attributes %s --name %s --ops encrypt decrypt", vault, k.name)}
	}
	switch {
	case r.Status == http.StatusUnauthorized:
		if s.found != nil && s.found.advice != "" {
			return []string{s.found.advice}
		}
	case r.Status == http.StatusForbidden:
		return []string{s.grant(k.isHSM())}
	case r.Status == http.StatusNotFound:
		return []string{look}
	case r.Status == http.StatusConflict:
		return []string{fmt.Sprintf("if the key was deleted, get it back: az keyvault key recover %s --name %s", vault, k.name)}
	case r.Status == http.StatusTooManyRequests:
		return []string{"run it again in a moment: a vault answers a limited number of calls in ten seconds"}
	case r.Status == http.StatusBadRequest && s.v == decrypting && k.version == "":
		return []string{"the entry has no version of the key, so that the current one was used; write the one that wrapped it into the entry: " + look}
	case r.Status == http.StatusBadRequest && s.v == decrypting:
		return []string{"enc was made by another key or version, or was changed; " + keeper.EarlierHint}
	case r.Status == http.StatusBadRequest:
		return []string{"it must be an RSA key with the operations encrypt and decrypt; " + look}
	}
	return nil
}

// grant says how the identity gets what it lacks, by roles or by policies.
func (s *session) grant(roles bool) string {
	who := `"$(az ad signed-in-user show --query id -o tsv)"`
	if c := claimsOf(s.token.Secret); c.Owner != "" {
		who = hint.ShellWord(c.Owner)
	}
	if s.r.isHSM() {
		return fmt.Sprintf("who may change the roles of the HSM grants it with: az keyvault role assignment create --hsm-name %s --role 'Managed HSM Crypto User' --assignee %s --scope /keys/%s", s.r.vault(), who, s.r.name)
	}
	if roles {
		return fmt.Sprintf(`who may change the roles of the vault grants it with: az role assignment create --role 'Key Vault Crypto User' --assignee %s --scope "$(az keyvault show --name %s --query id -o tsv)/keys/%s"`, who, s.r.vault(), s.r.name)
	}
	return fmt.Sprintf("who may change the policies of the vault grants it with: az keyvault set-policy --name %s --object-id %s --key-permissions encrypt decrypt", s.r.vault(), who)
}
