//go:build unix

package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-1f7fdfb8/sops/internal/test/publishtest"
	"github.com/seed-1f7fdfb8/sops/internal/test/vaulttest"
)

func TestThePageAboutPublishingWorksAsWritten(t *testing.T) {
	t.Parallel()
	s, v := publishtest.New(), vaulttest.New()
	t.Cleanup(s.Close)
	t.Cleanup(v.Close)
	s.AddBucket("backups", publishtest.Region)
	v.AddStore("kv", 2)
	keys, err := filepath.Abs("../../internal/test/golden/keys/age-main.txt")
	if err != nil {
		t.Fatal(err)
	}
	src, err := os.ReadFile("../../docs/publish.md")
	if err != nil {
		t.Fatal(err)
	}
	var export strings.Builder
	for _, pair := range [][2]string{
		{"AWS_ENDPOINT_URL_S3", s.URL},
		{"AWS_ENDPOINT_URL_SECRETS_MANAGER", s.URL},
		{"AWS_ENDPOINT_URL_SSM", s.URL},
		{"AWS_ACCESS_KEY_ID", publishtest.AccessKey},
		{"AWS_SECRET_ACCESS_KEY", publishtest.SecretKey},
		{"VAULT_ADDR", v.URL},
		{"VAULT_TOKEN", v.Token(vaulttest.All())},
		{"SOPS_AGE_KEY_FILE", keys},
	} {
		export.WriteString("$ export " + pair[0] + "=" + pair[1] + "\n")
	}
	page := strings.NewReplacer("```sh publish", "```sh devkms", "```yaml publish", "```yaml devkms").Replace(string(src))
	playPage(t, "```sh devkms\n"+export.String()+"```\n"+page)
	if all := append(s.Complaints(), v.Complaints()...); len(all) > 0 {
		t.Errorf("the servers complain: %q", all)
	}
}
