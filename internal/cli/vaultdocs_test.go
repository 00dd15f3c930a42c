//go:build unix

package cli_test

import (
	"os"
	"strings"
	"testing"

	"github.com/seed-1f7fdfb8/sops/internal/test/huaweitest"
	"github.com/seed-1f7fdfb8/sops/internal/test/vaulttest"
)

// playMarked plays the blocks of a page that are marked sh MARK, in the way of
// the pages about AWS, with these variables.
func playMarked(t *testing.T, page, mark string, vars ...string) {
	t.Helper()
	src, err := os.ReadFile("../../docs/" + page)
	if err != nil {
		t.Fatal(err)
	}
	var export strings.Builder
	for i := 0; i < len(vars); i += 2 {
		export.WriteString("$ export " + vars[i] + "=" + vars[i+1] + "\n")
	}
	playPage(t, "```sh devkms\n"+export.String()+"```\n"+strings.ReplaceAll(string(src), "```sh "+mark, "```sh devkms"))
}

func TestThePageAboutVaultWorksAsWritten(t *testing.T) {
	t.Parallel()
	s := vaulttest.New()
	t.Cleanup(s.Close)
	s.AddKey("transit", "app", vaulttest.AES)
	policy := vaulttest.Policy{"transit/encrypt/app": {"update"}, "transit/decrypt/app": {"update"}}
	playMarked(t, "vault.md", "vault", "VAULT_ADDR", s.URL, "VAULT_TOKEN", s.Token(policy))
	if all := s.Complaints(); len(all) > 0 {
		t.Errorf("the server complains: %q", all)
	}
}

func TestThePageAboutHuaweiCloudWorksAsWritten(t *testing.T) {
	t.Parallel()
	s := huaweitest.New("eu-west-101")
	t.Cleanup(s.Close)
	ak, sk := s.User("ann", "kms:cmk:encryptData", "kms:cmk:decryptData")
	playMarked(t, "huawei.md", "hckms", "KEY", s.Name(s.AddKey()), "HUAWEICLOUD_SDK_AK", ak, "HUAWEICLOUD_SDK_SK", sk,
		"HUAWEICLOUD_SDK_REGION_KMS_EU_WEST_101", s.URL, "HUAWEICLOUD_SDK_IAM_ENDPOINT", s.URL, "SOPS_HUAWEICLOUD_METADATA", "none")
	if all := s.Complaints(); len(all) > 0 {
		t.Errorf("the server complains: %q", all)
	}
}

func TestThePageAboutKeyServicesWorksAsWritten(t *testing.T) {
	t.Parallel()
	playMarked(t, "keyservice.md", "keyservice")
}
