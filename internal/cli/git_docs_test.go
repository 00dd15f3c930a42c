//go:build unix

package cli_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestThePagesAboutGitWorkAsWritten plays docs/git.md and docs/repositories.md with the
// real git. Their blocks are marked sh git.
func TestThePagesAboutGitWorkAsWritten(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("git"); err != nil {
		t.Fatal("git is not installed, and the pages are played with it")
	}
	keys, err := filepath.Abs("../../internal/test/golden/keys/age-main.txt")
	if err != nil {
		t.Fatal(err)
	}
	start := "$ export SOPS_AGE_KEY_FILE=" + keys + " LC_ALL=C\n" +
		"$ git config --global user.name n; git config --global user.email n@example.com; git config --global init.defaultBranch main\n"
	for _, name := range []string{"git.md", "repositories.md"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src, err := os.ReadFile("../../docs/" + name)
			if err != nil {
				t.Fatal(err)
			}
			page := strings.NewReplacer("```sh git", "```sh devkms", "```yaml git", "```yaml devkms").Replace(string(src))
			playPage(t, "```sh devkms\n"+start+"```\n"+page)
		})
	}
}
