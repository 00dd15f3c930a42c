// Package vaultkey names keys of the transit engine of HashiCorp Vault and
// OpenBao by their addresses. It needs no SDK.
package vaultkey

import (
	"fmt"
	"regexp"

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
		Variables: []keeper.Variable{{Name: "SOPS_VAULT_URIS", Meaning: "HashiCorp Vault transit keys to encrypt for"}},
		Rule:      "hc_vault_transit_uri",
		Doc:       "Addresses of Vault transit keys.",
		Example:   "https://vault.example.com:8200/v1/transit/keys/name",
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

// New returns the key of an address.
func New(address string) (keeper.MasterKey, error) {
	m := regexp.MustCompile(`^(https?://[^/]+)/v1/(.+)/keys/([^/]+)/?$`).FindStringSubmatch(address)
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
