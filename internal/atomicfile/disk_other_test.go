//go:build unix && !linux

package atomicfile_test

import (
	"os/exec"
	"testing"
)

// smallDisk returns the child with the limit of file size: only Linux lets
// tests mount file systems.
func smallDisk(t *testing.T, dir string) (*exec.Cmd, string) {
	t.Helper()
	return child(t, "small limit", dir), "file too large"
}

func rewriteOnSmallDisk(args []string) error { return rewriteUnderLimit(args) }
