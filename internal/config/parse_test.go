package config

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-1f7fdfb8/sops/keeper"
)

func TestListsOfKeysOfOtherKinds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		parse func(string) ([]keeper.MasterKey, error)
		list  string
		want  []string
	}{
		"pgp": {ParsePGP, "FP, 7FD7 9B1A 0417 D339  E843 7091 E87A 88F5 9982 BA7C!,", []string{"0 pgp FP", "0 pgp 7FD79B1A0417D339E8437091E87A88F59982BA7C!"}},
		"pgp without commas": {ParsePGP, "FP\n7FD7 9B1A 0417 D339  E843 7091 E87A 88F5 9982 BA7C\tFP!\n7FD7 9B1A 0417 D339  E843 7091 E87A 88F5 9982 BA7C 7FD7 9B1A 0417 D339 E843 7091 E87A 88F5 9982 BA7D", []string{
			"0 pgp FP", "0 pgp 7FD79B1A0417D339E8437091E87A88F59982BA7C", "0 pgp FP!",
			"0 pgp 7FD79B1A0417D339E8437091E87A88F59982BA7C", "0 pgp 7FD79B1A0417D339E8437091E87A88F59982BA7D",
		}},
		"pgp, 0x": {ParsePGP, "0Xe87a88f59982ba7c", []string{"0 pgp E87A88F59982BA7C"}},
		"pgp, long": {ParsePGP, "01234 56789 ABCDE F0123 45678 9ABCD EF012 34567 89ABC DEF01 23456 789AB CDEF FP", []string{
			"0 pgp 0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF", "0 pgp FP",
		}},
		"pgp, short":           {ParsePGP, "491B 3F21,FP", []string{"0 pgp 491B3F21", "0 pgp FP"}},
		"gcp without commas":   {ParseGCP, "GCP\n GCP2\t", []string{"0 gcp_kms GCP", "0 gcp_kms GCP2"}},
		"hckms without commas": {ParseHCKMS, "r:1 r:2", []string{"0 hckms r:1", "0 hckms r:2"}},
		"azure without commas": {ParseAzure, "https://v/keys/k\nhttps://w/keys/k/1", []string{"0 azure_kv https://v/keys/k/", "0 azure_kv https://w/keys/k/1"}},
		"vault without commas": {ParseVault, "https://h:1/v1/a/b/keys/n\r\nhttps://h:1/v1/a/b/keys/m", []string{"0 hc_vault https://h:1/v1/a/b/keys/n", "0 hc_vault https://h:1/v1/a/b/keys/m"}},
		"gcp":                  {ParseGCP, ",GCP", []string{"0 gcp_kms GCP"}},
		"hckms":                {ParseHCKMS, "r:1,r:2", []string{"0 hckms r:1", "0 hckms r:2"}},
		"azure":                {ParseAzure, "https://v/keys/k", []string{"0 azure_kv https://v/keys/k/"}},
		"vault":                {ParseVault, "https://h:1/v1/a/b/keys/n", []string{"0 hc_vault https://h:1/v1/a/b/keys/n"}},
	} {
		keys, err := c.parse(fill(c.list))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(c.want, printed([][]keeper.MasterKey{keys})); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if keys, err := c.parse(" ,, "); keys != nil || err != nil {
			t.Errorf("%s: empty items give %v, %v", name, keys, err)
		}
		if _, err := c.parse("nonsense"); err == nil {
			t.Errorf("%s: nonsense is taken for a key", name)
		}
	}
}
