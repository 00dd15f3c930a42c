//go:build unix

package atomicfile_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/seed-1f7fdfb8/sops/internal/atomicfile"
)

func TestNoRoomKeepsTheOldFile(t *testing.T) {
	t.Parallel()
	ways := map[string]func(*testing.T, string) (*exec.Cmd, string){
		"limit of file size": func(t *testing.T, dir string) (*exec.Cmd, string) {
			return child(t, "small limit", dir), "file too large"
		},
		"full disk": smallDisk,
	}
	for name, small := range ways {
		for _, way := range []string{"rename", "in place", "create"} {
			t.Run(name+", "+way, func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				cmd, reason := small(t, dir)
				cmd.Args = append(cmd.Args, way)
				var complaints bytes.Buffer
				cmd.Stderr = &complaints
				out, err := cmd.Output()
				var ended *exec.ExitError
				if err != nil && !errors.As(err, &ended) || string(out) == noMount {
					t.Logf("this machine lets no test mount a small disk: %v", err)
					return
				}
				if err != nil {
					t.Fatalf("%v: %s", err, &complaints)
				}
				target := map[bool]string{true: "g", false: "f"}[way == "create"]
				want := filepath.Join(dir, target) + ": not written: " + reason + "\n"
				if string(out) != want {
					t.Errorf("got %q, want %q", out, want)
				}
			})
		}
	}
}

// noMount is what a child prints that may not mount.
const noMount = "no mount"

func rewriteUnderLimit(args []string) error {
	limit := unix.Rlimit{Cur: 40_000, Max: 40_000}
	// Go ignores SIGXFSZ, so that the write fails instead of the process.
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	return noRoom(args[0], args[1])
}

// noRoom prints the error of a write that does not fit, and fails if the old
// content or the directory is not what it was.
func noRoom(dir, way string) error {
	path := filepath.Join(dir, "f")
	old := strings.Repeat("old\n", 5_000)
	if err := os.WriteFile(path, []byte(old), 0o600); err != nil {
		return err
	}
	files := 1
	if way == "in place" {
		files = 2
		if err := os.Link(path, path+"2"); err != nil {
			return err
		}
	}
	err := tooMuch(path, way)
	if err == nil {
		return errors.New("there was room")
	}
	fmt.Println(err)
	var adviser interface{ Hints() []string }
	if !errors.As(err, &adviser) || !strings.HasPrefix(strings.Join(adviser.Hints(), ""), "free some space") {
		return fmt.Errorf("%w: no hint", err)
	}
	now, err := os.ReadFile(path)
	if err != nil || string(now) != old {
		return fmt.Errorf("%d bytes are left of %d: %w", len(now), len(old), err)
	}
	entries, err := os.ReadDir(dir)
	if len(entries) != files {
		return fmt.Errorf("%d files are there, want %d: %w", len(entries), files, err)
	}
	return nil
}

// tooMuch writes what does not fit, beside the file or over it.
func tooMuch(path, way string) error {
	data := bytes.Repeat([]byte("new\n"), 25_000)
	if way == "create" {
		return atomicfile.Create(context.Background(), filepath.Join(filepath.Dir(path), "g"), data, 0o600)
	}
	f, err := atomicfile.Read(context.Background(), path)
	if err != nil {
		return err
	}
	return f.Write(data, nil)
}
