package config

import (
	"strings"

	"github.com/seed-1f7fdfb8/sops/keeper"
)

// The functions below read lists of the kinds of keys that have no package of
// their own here, with commas or white space between the items.

// ParsePGP reads OpenPGP fingerprints. A mark behind one that forces a subkey
// stays. The groups of digits that a fingerprint is printed in are one item.
func ParsePGP(list string) ([]keeper.MasterKey, error) {
	var items []string
	for piece := range strings.SplitSeq(list, ",") {
		items = append(items, fingerprints(strings.Fields(piece))...)
	}
	return parseItems(items, pgpKey)
}

// fingerprints joins the words that are groups of digits: ten of four, or those
// of five of the longer ones.
func fingerprints(words []string) []string {
	const four, short, long = 4, 40, 64
	var items []string
	left := 0 // digits that the fingerprint in hand lacks
	for _, word := range words {
		digits := len(strings.TrimSuffix(word, "!"))
		if digits > four+1 || !isHex(word) {
			items, left = append(items, word), 0
			continue
		}
		if left > 0 {
			items[len(items)-1] += word
		} else {
			items, left = append(items, word), short
			if digits > four {
				left = long
			}
		}
		left -= digits
		if strings.HasSuffix(word, "!") {
			left = 0
		}
	}
	return items
}

func isHex(word string) bool {
	return strings.Trim(strings.TrimSuffix(word, "!"), "0123456789abcdefABCDEF") == ""
}

// ParseGCP reads resource ids of Google Cloud KMS keys.
func ParseGCP(list string) ([]keeper.MasterKey, error) { return parseList(list, gcpKey) }

// ParseHCKMS reads names of Huawei Cloud KMS keys, REGION:UUID.
func ParseHCKMS(list string) ([]keeper.MasterKey, error) { return parseList(list, hckmsKey) }

// ParseAzure reads URLs of Azure Key Vault keys. One without a version means
// the current one.
func ParseAzure(list string) ([]keeper.MasterKey, error) { return parseList(list, azureURLKey) }

// ParseVault reads addresses of Vault transit keys.
func ParseVault(list string) ([]keeper.MasterKey, error) { return parseList(list, vaultKey) }

func parseList(list string, parse func(string) (keeper.MasterKey, error)) ([]keeper.MasterKey, error) {
	return parseItems(keeper.Words(list), parse)
}

func parseItems(items []string, parse func(string) (keeper.MasterKey, error)) ([]keeper.MasterKey, error) {
	var keys []keeper.MasterKey
	for _, item := range items {
		k, err := parse(item)
		if err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	return keys, nil
}
