//go:build unix

package cli_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestThePagesAboutToolsWorkAsWritten plays each page of docs/tools. A block of
// a tool ("sh direnv") is played where the tool is installed; .ci/tools installs
// all of them, and names them in SOPS_TOOLS so that none is left out there.
func TestThePagesAboutToolsWorkAsWritten(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob("../../docs/tools/*.md")
	if err != nil || len(pages) < 5 {
		t.Fatalf("%d pages: %v", len(pages), err)
	}
	for _, page := range pages {
		t.Run(filepath.Base(page), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(page)
			if err != nil {
				t.Fatal(err)
			}
			playPage(t, withTools(t, string(text)))
		})
	}
}

func withTools(t *testing.T, page string) string {
	t.Helper()
	for _, tool := range []string{"ansible", "direnv"} {
		if _, err := exec.LookPath(tool); err == nil {
			page = strings.ReplaceAll(page, "```sh "+tool, "```sh devkms")
		} else if strings.Contains(page, "```sh "+tool) && os.Getenv("SOPS_TOOLS") != "" {
			t.Errorf("%s is not installed", tool)
		}
	}
	return page
}
