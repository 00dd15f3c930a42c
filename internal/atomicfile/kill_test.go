package atomicfile_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-1f7fdfb8/sops/internal/atomicfile"
)

func TestKilledWriterLeavesOldOrNewContent(t *testing.T) {
	t.Parallel()
	const lanes, kills = 4, 75 // 300 kills
	for lane := range lanes {
		t.Run(strconv.Itoa(lane), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			path := filepath.Join(dir, "prod.yaml")
			if err := os.WriteFile(path, version(0), 0o640); err != nil {
				t.Fatal(err)
			}
			stale := 0
			for range kills {
				killOneWriter(t, path)
				if len(names(t, dir)) > 1 {
					stale++
				}
			}
			t.Logf("%d of %d kills left a temporary file for the next writer to remove", stale, kills)
			f, err := atomicfile.Read(context.Background(), path)
			if err != nil {
				t.Fatal(err)
			}
			if err := f.Write([]byte("last\n"), nil); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{"prod.yaml"}, names(t, dir)); diff != "" {
				t.Errorf("files after the next write (-want +got):\n%s", diff)
			}
		})
	}
}

// killOneWriter has a process rewrite path and be killed, and checks that the
// file holds the last version which was reported, or the next one.
func killOneWriter(t *testing.T, path string) {
	t.Helper()
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	reported, err := versionOf(before)
	if err != nil {
		t.Fatal(err)
	}
	reported = runAndKill(t, path, reported)
	after, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	n, err := versionOf(after)
	if err != nil {
		t.Fatal(err)
	}
	if n != reported && n != reported+1 {
		t.Fatalf("the file holds version %d, the writer had reported %d", n, reported)
	}
}

// runAndKill starts a process that rewrites path, kills it at a random moment
// and returns the last version that it reported, or the given one.
func runAndKill(t *testing.T, path string, reported int) int {
	t.Helper()
	cmd := child(t, "rewrite", path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		reported, _ = strconv.Atoi(lines.Text())
		time.AfterFunc(time.Duration(rand.IntN(8_000))*time.Microsecond, func() { _ = cmd.Process.Kill() })
	}
	if err := cmd.Wait(); err == nil || complaints.Len() > 0 {
		t.Fatalf("the writer ended by itself: %v: %s", err, &complaints)
	}
	return reported
}

// names lists the files of dir.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

func TestKilledWriterInPlaceLeavesAWholeBackup(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "linked")
	if err := errors.Join(os.WriteFile(path, version(0), 0o600), os.Link(path, path+"2")); err != nil {
		t.Fatal(err)
	}
	backups := 0
	for n := range 100 {
		runAndKill(t, path, n)
		current, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		_, damage := versionOf(current)
		if backup := atomicfile.Leftover(path); backup != "" {
			backups++
			old, err := os.ReadFile(backup)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := versionOf(old); err != nil {
				t.Fatalf("backup: %v", err)
			}
			if err := os.Rename(backup, path+"3"); err != nil {
				t.Fatal(err)
			}
			damage = nil
		}
		if damage != nil {
			t.Fatalf("without a backup: %v", damage)
		}
		if err := os.WriteFile(path, version(n), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d of 100 kills left a backup", backups)
}

func TestLiveTemporaryFilesAreLeftAlone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	if err := os.WriteFile(path, []byte("0"), 0o600); err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		stale := filepath.Join(dir, fmt.Sprintf(".f.sops-tmp%d", i))
		if err := os.WriteFile(stale, []byte("stale"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	lockers := child(t, "lock", filepath.Join(dir, ".f.sops-tmp3"))
	in, err := lockers.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := lockers.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := lockers.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	if err := atomicfile.Create(context.Background(), path, []byte("1"), 0o600); err != nil {
		t.Fatal(err)
	}
	// Names beyond the slots are not looked at.
	want := []string{".f.sops-tmp16", ".f.sops-tmp17", ".f.sops-tmp18", ".f.sops-tmp19", ".f.sops-tmp3", "f"}
	if diff := cmp.Diff(want, names(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	in.Close()
	if err := lockers.Wait(); err != nil {
		t.Fatal(err)
	}
}
