//go:build unix

package cli_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestThePageAboutGitWorksAsWritten plays docs/git.md with the real git. Its blocks
// are marked sh git.
func TestThePageAboutGitWorksAsWritten(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("git"); err != nil {
		t.Fatal("git is not installed, and the page is played with it")
	}
	keys, err := filepath.Abs("../../internal/test/golden/keys/age-main.txt")
	if err != nil {
		t.Fatal(err)
	}
	src, err := os.ReadFile("../../docs/git.md")
	if err != nil {
		t.Fatal(err)
	}
	page := strings.NewReplacer("```sh git", "```sh devkms", "```yaml git", "```yaml devkms").Replace(string(src))
	start := "$ export SOPS_AGE_KEY_FILE=" + keys + " LC_ALL=C\n" +
		"$ git config --global user.name n; git config --global user.email n@example.com; git config --global init.defaultBranch main\n"
	playPage(t, "```sh devkms\n"+start+"```\n"+page)
}
