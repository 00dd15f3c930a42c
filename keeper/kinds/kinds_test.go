package kinds

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-1f7fdfb8/sops/keeper"
)

const (
	fp  = "7FD79B1A0417D339E8437091E87A88F59982BA7B"
	gcp = "projects/demo/locations/global/keyRings/kr/cryptoKeys/k1"
)

// fill puts the keys of the tests into a text.
func fill(text string) string { return strings.NewReplacer("FP", fp, "GCP", gcp).Replace(text) }

func printed(keys []keeper.MasterKey) []string {
	var out []string
	for _, m := range keys {
		out = append(out, strings.NewReplacer(fp, "FP", gcp, "GCP").Replace(m.Name()))
	}
	return out
}

func TestListsOfKeysOfOtherKinds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kind, list string
		want       []string
	}{
		"pgp": {"pgp", "FP, 7FD7 9B1A 0417 D339  E843 7091 E87A 88F5 9982 BA7C!,", []string{"pgp FP", "pgp 7FD79B1A0417D339E8437091E87A88F59982BA7C!"}},
		"pgp without commas": {"pgp", "FP\n7FD7 9B1A 0417 D339  E843 7091 E87A 88F5 9982 BA7C\tFP!\n7FD7 9B1A 0417 D339  E843 7091 E87A 88F5 9982 BA7C 7FD7 9B1A 0417 D339 E843 7091 E87A 88F5 9982 BA7D", []string{
			"pgp FP", "pgp 7FD79B1A0417D339E8437091E87A88F59982BA7C", "pgp FP!",
			"pgp 7FD79B1A0417D339E8437091E87A88F59982BA7C", "pgp 7FD79B1A0417D339E8437091E87A88F59982BA7D",
		}},
		"pgp, 0x": {"pgp", "0Xe87a88f59982ba7c", []string{"pgp E87A88F59982BA7C"}},
		"pgp, long": {"pgp", "01234 56789 ABCDE F0123 45678 9ABCD EF012 34567 89ABC DEF01 23456 789AB CDEF FP", []string{
			"pgp 0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF", "pgp FP",
		}},
		"pgp, short":           {"pgp", "491B 3F21,FP", []string{"pgp 491B3F21", "pgp FP"}},
		"gcp without commas":   {"gcp_kms", "GCP\n GCP2\t", []string{"gcp_kms GCP", "gcp_kms GCP2"}},
		"hckms without commas": {"hckms", "r:1 r:2", []string{"hckms r:1", "hckms r:2"}},
		"azure without commas": {"azure_kv", "https://v/keys/k\nhttps://w/keys/k/1", []string{"azure_kv https://v/keys/k/", "azure_kv https://w/keys/k/1"}},
		"vault without commas": {"hc_vault", "https://h:1/v1/a/b/keys/n\r\nhttps://h:1/v1/a/b/keys/m", []string{"hc_vault https://h:1/v1/a/b/keys/n", "hc_vault https://h:1/v1/a/b/keys/m"}},
		"gcp":                  {"gcp_kms", ",GCP", []string{"gcp_kms GCP"}},
		"hckms":                {"hckms", "r:1,r:2", []string{"hckms r:1", "hckms r:2"}},
		"azure":                {"azure_kv", "https://v/keys/k", []string{"azure_kv https://v/keys/k/"}},
		"vault":                {"hc_vault", "https://h:1/v1/a/b/keys/n", []string{"hc_vault https://h:1/v1/a/b/keys/n"}},
	} {
		keys, err := ByName(c.kind).Parse(fill(c.list))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(c.want, printed(keys)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if keys, err := ByName(c.kind).Parse(" ,, "); keys != nil || err != nil {
			t.Errorf("%s: empty items give %v, %v", name, keys, err)
		}
		if _, err := ByName(c.kind).Parse("nonsense"); err == nil {
			t.Errorf("%s: nonsense is taken for a key", name)
		}
	}
}
