package config

import "github.com/seed-1f7fdfb8/sops/key"

// The functions below read lists, with commas, of the kinds of keys that have no
// package of their own here. Empty items do not count.

// ParsePGP reads OpenPGP fingerprints. A mark behind one that forces a subkey
// stays.
func ParsePGP(list string) ([]key.MasterKey, error) { return parseList(list, pgpKey) }

// ParseGCP reads resource ids of Google Cloud KMS keys.
func ParseGCP(list string) ([]key.MasterKey, error) { return parseList(list, gcpKey) }

// ParseHCKMS reads names of Huawei Cloud KMS keys, REGION:UUID.
func ParseHCKMS(list string) ([]key.MasterKey, error) { return parseList(list, hckmsKey) }

// ParseAzure reads URLs of Azure Key Vault keys. One without a version means
// the current one.
func ParseAzure(list string) ([]key.MasterKey, error) { return parseList(list, azureURLKey) }

// ParseVault reads addresses of Vault transit keys.
func ParseVault(list string) ([]key.MasterKey, error) { return parseList(list, vaultKey) }

func parseList(list string, parse func(string) (key.MasterKey, error)) ([]key.MasterKey, error) {
	var keys []key.MasterKey
	for _, item := range split(text{value: list}) {
		k, err := parse(item.value)
		if err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	return keys, nil
}
