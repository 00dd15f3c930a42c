//go:build unix

package cli_test

import (
	"os"
	"testing"
)

func TestThePageAboutProgramsWorksAsWritten(t *testing.T) {
	t.Parallel()
	src, err := os.ReadFile("../../docs/exec.md")
	if err != nil {
		t.Fatal(err)
	}
	playPage(t, string(src))
}
