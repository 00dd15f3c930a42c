package config

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/seed-1f7fdfb8/sops/keeper"
)

// The functions below read the name of one key. They look at the form only;
// whether there is such a key is for those to say who use it.

func pgpKey(item string) (keeper.MasterKey, error) {
	fp := strings.ReplaceAll(item, " ", "")
	if !regexp.MustCompile(`^(0[xX])?[0-9A-Fa-f]{8,64}!?$`).MatchString(fp) {
		return keeper.MasterKey{}, withHint(fmt.Errorf("pgp: %q is not a fingerprint", item),
			"write the 40 hexadecimal digits that gpg --list-keys prints")
	}
	if digits, found := strings.CutPrefix(fp, "0X"); found {
		fp = "0x" + digits // SOPS knows no other prefix
	}
	return keeper.New(keeper.PGP, "fp", fp), nil
}

func gcpKey(item string) (keeper.MasterKey, error) {
	if !regexp.MustCompile(`^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$`).MatchString(item) {
		return keeper.MasterKey{}, withHint(fmt.Errorf("gcp_kms: %q is not the resource id of a key", item),
			"write projects/PROJECT/locations/LOCATION/keyRings/RING/cryptoKeys/KEY")
	}
	return keeper.New(keeper.GCP, "resource_id", item), nil
}

func hckmsKey(item string) (keeper.MasterKey, error) {
	region, id, ok := strings.Cut(item, ":")
	if !ok || region == "" || id == "" || strings.Contains(id, ":") {
		return keeper.MasterKey{}, withHint(fmt.Errorf("hckms: %q is not the name of a key", item), "write REGION:KEY-UUID")
	}
	return keeper.New(keeper.HCKMS, "key_id", item), nil
}

func azureURLKey(item string) (keeper.MasterKey, error) {
	m := regexp.MustCompile(`^(https://[^/]+)/keys/([^/]+)(?:/([^/]*))?$`).FindStringSubmatch(item)
	if m == nil {
		return keeper.MasterKey{}, withHint(fmt.Errorf("azure_keyvault: %q is not the URL of a key", item),
			"write https://VAULT.vault.azure.net/keys/NAME or .../keys/NAME/VERSION")
	}
	return azureKeyOf(m[1], m[2], m[3])
}

func azureKeyOf(vaultURL, name, version string) (keeper.MasterKey, error) {
	if u, err := url.Parse(vaultURL); err != nil || u.Scheme == "" || u.Host == "" {
		return keeper.MasterKey{}, withHint(fmt.Errorf("azure_keyvault: %q is not the URL of a vault", vaultURL),
			"write https://VAULT.vault.azure.net")
	}
	if name == "" {
		return keeper.MasterKey{}, errors.New("azure_keyvault: the name of the key is missing")
	}
	return keeper.New(keeper.Azure, "vault_url", vaultURL, "name", name, "version", version), nil
}

func vaultKey(item string) (keeper.MasterKey, error) {
	m := regexp.MustCompile(`^(https?://[^/]+)/v1/(.+)/keys/([^/]+)/?$`).FindStringSubmatch(item)
	if m == nil {
		return keeper.MasterKey{}, withHint(fmt.Errorf("vault: %q is not the address of a transit key", item),
			"write https://HOST:8200/v1/transit/keys/NAME")
	}
	return keeper.New(keeper.Vault, "vault_address", m[1], "engine_path", m[2], "key_name", m[3]), nil
}

// A hintedError is an error with advice.
type hintedError struct {
	error
	hint string
}

func withHint(err error, hint string) error { return hintedError{err, hint} }

func (e hintedError) Hints() []string { return []string{e.hint} }
