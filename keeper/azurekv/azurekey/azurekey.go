// Package azurekey names keys of Azure Key Vault by their URLs. It needs no SDK.
package azurekey

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/seed-1f7fdfb8/sops/keeper"
)

// Fields of an entry.
const (
	FieldVault   = "vault_url"
	FieldName    = "name"
	FieldVersion = "version"
)

// Kind describes the keys of Azure Key Vault.
func Kind() *keeper.Kind {
	return &keeper.Kind{
		Name: keeper.Azure, Keys: "Azure Key Vault keys", Aliases: []string{"azure"},
		Flag:  "azure-kv",
		Usage: "Azure Key Vault key `URLS`", UsageOne: "Azure Key Vault key `URL`",
		Variables: []keeper.Variable{{Name: "SOPS_AZURE_KEYVAULT_URLS", Meaning: "Azure Key Vault keys to encrypt for"}},
		Rule:      "azure_keyvault", Group: "azure_keyvault",
		Doc:     "URLs of Azure Key Vault keys.",
		Example: "https://demo.vault.azure.net/keys/name/0123456789abcdef0123456789abcdef",
		Fields: []keeper.FieldRule{
			{
				Name: FieldVault, Required: true, Canonical: func(text string) string { return strings.TrimSuffix(text, "/") },
				Element: "vaultUrl", Doc: "URL of the vault.", Meant: []string{"vault_url"},
			},
			{Name: FieldName, Required: true, Element: "key", Doc: "Name of the key.", Meant: []string{"name"}},
			{Name: FieldVersion, Element: "version", Doc: "Version of the key; without it the current one."},
		},
		Parse: Parse, Check: check, Identity: identity,
	}
}

// Parse reads a list of URLs. One without a version means the current one.
func Parse(list string) ([]keeper.MasterKey, error) { return keeper.ParseList(list, fromURL) }

func fromURL(text string) (keeper.MasterKey, error) {
	m := regexp.MustCompile(`^(https://[^/]+)/keys/([^/]+)(?:/([^/]*))?$`).FindStringSubmatch(text)
	if m == nil {
		return keeper.MasterKey{}, &keeper.NameError{
			Reason: fmt.Sprintf("azure_keyvault: %q is not the URL of a key", text),
			Hint:   "write https://VAULT.vault.azure.net/keys/NAME or .../keys/NAME/VERSION",
		}
	}
	return New(m[1], m[2], m[3])
}

// New returns the named key of a vault; an empty version is the current one.
func New(vaultURL, name, version string) (keeper.MasterKey, error) {
	if u, err := url.Parse(vaultURL); err != nil || u.Scheme == "" || u.Host == "" {
		return keeper.MasterKey{}, &keeper.NameError{
			Reason: fmt.Sprintf("azure_keyvault: %q is not the URL of a vault", vaultURL),
			Hint:   "write https://VAULT.vault.azure.net",
		}
	}
	if name == "" {
		return keeper.MasterKey{}, &keeper.NameError{Reason: "azure_keyvault: the name of the key is missing"}
	}
	return Kind().Key(FieldVault, vaultURL, FieldName, name, FieldVersion, version), nil
}

func check(m keeper.MasterKey) (keeper.MasterKey, error) {
	return New(m.Text(FieldVault), m.Text(FieldName), m.Text(FieldVersion))
}

func identity(m keeper.MasterKey) string {
	return strings.TrimSuffix(m.Text(FieldVault), "/") + "/keys/" + m.Text(FieldName) + "/" + m.Text(FieldVersion)
}
