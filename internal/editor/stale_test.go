//go:build unix

package editor_test

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-1f7fdfb8/sops/internal/editor"
)

// killed starts a session in a process of its own, kills the process while its
// editor runs, and returns where the text was.
func killed(t *testing.T, temp string) (path string) {
	t.Helper()
	cmd := child(t, temp, "echo editing; cat >/dev/null") // until our pipe ends
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() && lines.Text() != "editing" {
		path = lines.Text()
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	in.Close()
	_ = cmd.Wait()
	return path
}

func TestTextOfAKilledProcessIsCleaned(t *testing.T) {
	t.Parallel()
	temp := t.TempDir()
	path := killed(t, temp)
	if inShm := strings.HasPrefix(path, "/dev/shm/"); inShm != isMemory("/dev/shm") || !inShm && !strings.HasPrefix(path, temp) {
		t.Errorf("the text was at %s", path)
	}
	if entries, err := os.ReadDir(temp); err != nil || isMemory("/dev/shm") && len(entries) > 0 {
		t.Errorf("on disk there is %v, %v", entries, err)
	}
	mine := session(t, "f", "mine")
	if err := editor.CleanStale(editor.Places{Temp: temp}); err != nil {
		t.Fatal(err)
	}
	if exists(filepath.Dir(path)) {
		t.Errorf("%s is left", path)
	}
	if got, err := mine.Read(); err != nil || string(got) != "mine" {
		t.Errorf("a live session was cleaned: %q, %v", got, err)
	}
}

// isMemory asks the system in another way than the package does.
func isMemory(dir string) bool {
	out, err := exec.Command("stat", "-f", "-c", "%T", dir).Output()
	return err == nil && strings.TrimSpace(string(out)) == "tmpfs"
}

func TestOnlyOurDirectoriesAreCleaned(t *testing.T) {
	t.Parallel()
	temp := t.TempDir()
	elsewhere := t.TempDir()
	stale := filepath.Join(temp, "sops-edit-1")
	err := errors.Join(
		os.Mkdir(stale, 0o700), os.WriteFile(filepath.Join(stale, "f"), nil, 0o600),
		os.Mkdir(filepath.Join(temp, "sops-other"), 0o700),
		os.WriteFile(filepath.Join(temp, "sops-edit-file"), nil, 0o600),
		os.WriteFile(filepath.Join(elsewhere, "f"), nil, 0o600),
		os.Symlink(elsewhere, filepath.Join(temp, "sops-edit-link")),
	)
	want := []string{"sops-edit-file", "sops-edit-link", "sops-other"}
	if os.Getuid() == 0 {
		hers := filepath.Join(temp, "sops-edit-hers")
		err = errors.Join(err, os.Mkdir(hers, 0o700), os.Chown(hers, 4321, 4321))
		want = []string{"sops-edit-file", "sops-edit-hers", "sops-edit-link", "sops-other"}
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := editor.CleanStale(editor.Places{Temp: temp}); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(temp)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
	if !exists(filepath.Join(elsewhere, "f")) {
		t.Error("a link was followed")
	}
}

func TestNewSessionsSurviveTheCleaningOfOthers(t *testing.T) {
	t.Parallel()
	p := editor.Places{Temp: t.TempDir()}
	done := make(chan struct{})
	cleaned := make(chan error)
	go func() {
		defer close(cleaned)
		for {
			select {
			case <-done:
				return
			default:
				if err := editor.CleanStale(p); err != nil {
					cleaned <- err
				}
			}
		}
	}()
	for range 200 {
		s, err := editor.NewSession("f", []byte("x"), p)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Read(); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	close(done)
	for err := range cleaned {
		t.Error(err)
	}
}
