package azurekey_test

import (
	"testing"

	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/azurekv/azurekey"
)

// TestAKeyWithoutAVersionMeansTheOneOfTheFile is what keeps updatekeys from
// wrapping anew whenever a rule leaves the version open.
func TestAKeyWithoutAVersionMeansTheOneOfTheFile(t *testing.T) {
	t.Parallel()
	key := func(url string) keeper.MasterKey {
		keys, err := azurekey.Parse(url)
		if err != nil {
			t.Fatal(err)
		}
		return keys[0]
	}
	file := []keeper.MasterKey{
		key("https://b.vault.azure.net/keys/k/b1"), key("https://a.vault.azure.net/keys/k/a1"), key("https://a.vault.azure.net/keys/k/a2"),
	}
	for open, want := range map[string]string{
		"https://a.vault.azure.net/keys/k":    "https://a.vault.azure.net/keys/k/a1",
		"https://a.vault.azure.net/keys/k/a2": "https://a.vault.azure.net/keys/k/a2",
		"https://a.vault.azure.net/keys/k/a3": "https://a.vault.azure.net/keys/k/a3",
		"https://a.vault.azure.net/keys/l":    "https://a.vault.azure.net/keys/l/",
		"https://c.vault.azure.net/keys/k":    "https://c.vault.azure.net/keys/k/",
	} {
		if got := key(open).Settled(file).Identity(); got != want {
			t.Errorf("%s means %s, want %s", open, got, want)
		}
	}
}
