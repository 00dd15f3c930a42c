// Package vaultkey names keys of the transit engine of HashiCorp Vault and
// OpenBao by their addresses. It needs no SDK.
package vaultkey

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/seed-1f7fdfb8/sops/keeper"
)

// Fields of an entry.
const (
	FieldAddress = "vault_address"
	FieldEngine  = "engine_path"
	FieldName    = "key_name"
)

// Kind describes the keys of HashiCorp Vault.
func Kind() *keeper.Kind {
	return &keeper.Kind{
		Name: keeper.Vault, Keys: "HashiCorp Vault transit keys", Aliases: []string{"vault"},
		Flag:  "hc-vault-transit",
		Usage: "HashiCorp Vault transit `URIS`", UsageOne: "HashiCorp Vault transit `URI`",
		Variables: []keeper.Variable{
			{Name: "SOPS_VAULT_URIS", Meaning: "HashiCorp Vault transit keys to encrypt for"},
			{Name: "SOPS_HC_VAULT_ALLOWLIST", Meaning: "the only Vault servers that files may name: all, none, or addresses"},
			{Name: "VAULT_TOKEN", Meaning: "the Vault token (default ~/.vault-token); BAO_TOKEN, like all variables of OpenBao, comes first"},
			{Name: "VAULT_NAMESPACE", Meaning: "the namespace of Vault keys whose address has none"},
			{Name: "VAULT_CACERT", Meaning: "the authority that Vault servers have their certificates of; docs/vault.md has more"},
		},
		Rule:    "hc_vault_transit_uri",
		Doc:     "Addresses of Vault transit keys.",
		Example: "https://vault.example.com:8200/v1/transit/keys/name",
		Fields: []keeper.FieldRule{
			{Name: FieldAddress, Required: true},
			{Name: FieldEngine, Required: true},
			{Name: FieldName, Required: true},
		},
		InEveryGroup: true,
		Parse:        Parse, Identity: identity,
	}
}

// Parse reads a list of addresses.
func Parse(list string) ([]keeper.MasterKey, error) { return keeper.ParseList(list, New) }

// New returns the key of an address. A password in it is refused and not shown:
// it would be in every file of the key.
func New(address string) (keeper.MasterKey, error) {
	if server, _, _ := strings.Cut(address, "/v1/"); strings.Contains(server, "@") {
		return keeper.MasterKey{}, &keeper.NameError{
			Reason: "vault: the address of a transit key cannot have a user name or a password",
			Hint:   "write https://HOST:8200/v1/transit/keys/NAME, and set VAULT_TOKEN to a token",
		}
	}
	m := regexp.MustCompile(`^(https?://[^/]+(?:/[^/]+)*?)/v1/(.+)/keys/([^/]+)/?$`).FindStringSubmatch(address)
	if m == nil {
		return keeper.MasterKey{}, &keeper.NameError{
			Reason: fmt.Sprintf("vault: %q is not the address of a transit key", address),
			Hint:   "write https://HOST:8200/v1/transit/keys/NAME",
		}
	}
	return Kind().Key(FieldAddress, m[1], FieldEngine, m[2], FieldName, m[3]), nil
}

func identity(m keeper.MasterKey) string {
	return m.Text(FieldAddress) + "/v1/" + m.Text(FieldEngine) + "/keys/" + m.Text(FieldName)
}
