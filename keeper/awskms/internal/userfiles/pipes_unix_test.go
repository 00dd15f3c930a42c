//go:build unix

package userfiles

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/seed-1f7fdfb8/sops/internal/env"
)

// TestFilesOfTheUserAreFiles: whatever waits for ever, or never ends, is refused at
// once, by the setting that names it.
func TestFilesOfTheUserAreFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pipe, folder := filepath.Join(dir, "pipe"), filepath.Join(dir, "folder")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	for target, why := range map[string]string{pipe: "not a regular file", folder: "is a directory", "/dev/zero": "larger than"} {
		home := t.TempDir()
		if err := os.Mkdir(filepath.Join(home, "sops"), 0o700); err != nil {
			t.Fatal(err)
		}
		routes := filepath.Join(home, "sops", "aws.yaml")
		if err := os.Symlink(target, routes); err != nil {
			t.Fatal(err)
		}
		_, err := LoadMap(env.Map(map[string]string{"XDG_CONFIG_HOME": home}))
		if err == nil || !strings.HasPrefix(err.Error(), routes+": ") || !strings.Contains(err.Error(), why) {
			t.Errorf("map at %s: %v", target, err)
		}
		err = (&Profile{}).CheckBundle(env.Map(map[string]string{"AWS_CA_BUNDLE": target}))
		if err == nil || !strings.HasPrefix(err.Error(), "AWS_CA_BUNDLE: "+target+": ") || !strings.Contains(err.Error(), why) {
			t.Errorf("certificates at %s: %v", target, err)
		}
	}
}
