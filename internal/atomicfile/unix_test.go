//go:build unix

package atomicfile_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/seed-1f7fdfb8/sops/internal/atomicfile"
)

// unprivileged is a user without rights; where the tests run as root, roles become
// that user.
const unprivileged = 65534

func unixRoles() map[string]func([]string) error {
	return map[string]func([]string) error{
		"stdin to stdout": stdinToStdout,
		"rewrite as":      rewriteAsNobody,
		"small limit":     rewriteUnderLimit,
		"small disk":      rewriteOnSmallDisk,
		"write as":        writeOnce,
	}
}

func TestSymbolicLinksAreFollowed(t *testing.T) {
	t.Parallel()
	for _, target := range []string{"absolute", "relative"} {
		path := file(t, "old")
		dir := t.TempDir()
		link := filepath.Join(dir, "link")
		to := path
		if target == "relative" {
			to, _ = filepath.Rel(dir, path)
		}
		if err := errors.Join(os.Symlink(to, link+"2"), os.Symlink("link2", link)); err != nil {
			t.Fatal(err)
		}
		if err := read(t, link).Write([]byte("new"), nil); err != nil {
			t.Fatal(err)
		}
		holds(t, path, "new")
		if info, err := os.Lstat(link); err != nil || info.Mode()&fs.ModeSymlink == 0 {
			t.Errorf("%s: the link became %v, %v", target, info.Mode(), err)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if err := atomicfile.Create(context.Background(), link, []byte("through a dangling link"), 0o600); err != nil {
			t.Fatal(err)
		}
		holds(t, path, "through a dangling link")
		if diff := cmp.Diff([]string{"link", "link2"}, names(t, dir)); diff != "" {
			t.Errorf("%s: files (-want +got):\n%s", target, diff)
		}
	}
}

func TestHardLinksStayLinked(t *testing.T) {
	t.Parallel()
	path := file(t, "old content, longer than the new")
	other := filepath.Join(filepath.Dir(path), "other")
	if err := os.Link(path, other); err != nil {
		t.Fatal(err)
	}
	if err := read(t, path).Write([]byte("new"), nil); err != nil {
		t.Fatal(err)
	}
	holds(t, path, "new")
	holds(t, other, "new")
	if diff := cmp.Diff([]string{"other", "prod.yaml"}, names(t, filepath.Dir(path))); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestBackupOfAnInterruptedWriteIsNeverOverwritten(t *testing.T) {
	t.Parallel()
	path := file(t, "half")
	if got := atomicfile.Leftover(path); got != "" {
		t.Errorf("Leftover without one: %q", got)
	}
	backup := filepath.Join(filepath.Dir(path), ".prod.yaml.sops-backup")
	err := errors.Join(os.WriteFile(backup, []byte("old"), 0o600), os.Link(path, path+"2"))
	if err != nil {
		t.Fatal(err)
	}
	if got := atomicfile.Leftover(path); got != backup {
		t.Errorf("Leftover: %q, want %q", got, backup)
	}
	err = read(t, path).Write([]byte("new"), nil)
	want := path + ": not written: an earlier write was interrupted, and what it was to replace is in " + backup
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	holds(t, backup, "old")
	holds(t, path, "half")
}

func TestNewFilesObeyModeAndUmask(t *testing.T) {
	t.Parallel()
	umask := fs.FileMode(unix.Umask(0o022))
	unix.Umask(int(umask))
	for _, mode := range []fs.FileMode{0o600, 0o666} {
		path := filepath.Join(t.TempDir(), "f")
		if err := atomicfile.Create(context.Background(), path, []byte("x"), mode); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if want := mode &^ umask; info.Mode() != want {
			t.Errorf("Create with %v: mode %v, want %v", mode, info.Mode(), want)
		}
	}
}

func TestOwnerIsKept(t *testing.T) {
	t.Parallel()
	path := file(t, "old")
	owner := os.Getuid()
	if owner == 0 {
		owner = 4321
		if err := os.Chown(path, owner, 8765); err != nil {
			t.Fatal(err)
		}
	}
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := read(t, path).Write([]byte("new"), nil); err != nil {
		t.Fatal(err)
	}
	after, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	was, is := before.Sys().(*syscall.Stat_t), after.Sys().(*syscall.Stat_t)
	if is.Uid != was.Uid || is.Gid != was.Gid || int(is.Uid) != owner {
		t.Errorf("owner %d:%d became %d:%d", was.Uid, was.Gid, is.Uid, is.Gid)
	}
}

func TestPipesAndDescriptorsAreStreams(t *testing.T) {
	t.Parallel()
	out := filepath.Join(t.TempDir(), "out")
	redirect, err := os.Create(out)
	if err != nil {
		t.Fatal(err)
	}
	defer redirect.Close()
	if _, err := redirect.WriteString("before "); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		cmd := child(t, "stdin to stdout")
		cmd.Stdin = strings.NewReader("through ")
		cmd.Stdout = redirect
		cmd.Stderr = os.Stderr
		if err := cmd.Run(); err != nil {
			t.Fatal(err)
		}
	}
	holds(t, out, "before through through ")

	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	got := make(chan []byte)
	go func() {
		b, _ := os.ReadFile(pipe)
		got <- b
	}()
	if err := atomicfile.Create(context.Background(), pipe, []byte("through a pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	if b := <-got; string(b) != "through a pipe" {
		t.Errorf("the pipe gave %q", b)
	}
}

func stdinToStdout([]string) error {
	f, err := atomicfile.Read(context.Background(), "/dev/stdin")
	if err != nil {
		return err
	}
	if err := f.Write([]byte("x"), nil); err == nil {
		return errors.New("stdin was written")
	}
	return atomicfile.Create(context.Background(), "/dev/stdout", f.Data, 0o600)
}

// A place is a directory of one file with the given modes, which no other user can
// reach.
func place(t *testing.T, dirMode, fileMode fs.FileMode) (dir string) {
	t.Helper()
	dir = t.TempDir()
	path := filepath.Join(dir, "f")
	err := errors.Join(
		os.WriteFile(path, []byte("old"), 0o600), os.Chmod(path, fileMode),
		os.Chmod(filepath.Dir(dir), 0o755), os.Chmod(dir, dirMode))
	if os.Getuid() == 0 {
		err = errors.Join(err, os.Chown(path, unprivileged, unprivileged), os.Chown(dir, unprivileged, unprivileged))
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(dir, 0o700) })
	return dir
}

func TestPermissionsDecideTheWay(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		dir, file fs.FileMode
		want      string // error, where PATH is the file
	}{
		"all is allowed":     {0o755, 0o644, ""},
		"frozen directory":   {0o555, 0o644, ""}, // in place
		"read-only file":     {0o755, 0o444, "PATH: not written: permission denied"},
		"nothing is allowed": {0o555, 0o444, "PATH: not written: permission denied"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := place(t, test.dir, test.file)
			path := filepath.Join(dir, "f")
			before, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			cmd := child(t, "rewrite as", path)
			cmd.Dir = dir
			out, err := cmd.Output()
			want := strings.ReplaceAll(test.want, "PATH", path)
			if got := string(out); got != want || err != nil {
				t.Fatalf("got %q, %v, want %q", got, err, want)
			}
			content := map[bool]string{true: "new", false: "old"}[want == ""]
			holds(t, path, content)
			after, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if inPlace := test.dir == 0o555 || want != ""; os.SameFile(before, after) != inPlace {
				t.Errorf("the file is the same: %v, want %v", !inPlace, inPlace)
			}
			if diff := cmp.Diff([]string{"f"}, names(t, dir)); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
		})
	}
}

// rewriteAsNobody prints why the file could not be written.
func rewriteAsNobody(args []string) error {
	if os.Getuid() == 0 {
		err := errors.Join(syscall.Setgroups(nil), syscall.Setgid(unprivileged), syscall.Setuid(unprivileged))
		if err != nil {
			return err
		}
	}
	f, err := atomicfile.Read(context.Background(), args[0])
	if err != nil {
		return err
	}
	if err := f.Write([]byte("new"), nil); err != nil {
		fmt.Print(err)
	}
	return nil
}

func TestWaitingForAPipeEndsWithItsContext(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	enough := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(enough)
	if _, err := atomicfile.Read(ctx, pipe); !errors.Is(err, enough) {
		t.Errorf("Read: %v", err)
	}
	if err := atomicfile.Create(ctx, pipe, []byte("x"), 0o600); !errors.Is(err, enough) {
		t.Errorf("Create: %v", err)
	}
	if _, err := atomicfile.ReadAtMost(pipe, 10); err == nil || !strings.HasSuffix(err.Error(), "it is not a regular file") {
		t.Errorf("ReadAtMost: %v", err)
	}
	if _, err := atomicfile.ReadAtMost("/dev/zero", 10); err == nil || !strings.HasSuffix(err.Error(), "it is larger than 10 bytes") {
		t.Errorf("ReadAtMost of what never ends: %v", err)
	}
}

func TestBackupOfALiveWriteIsNoLeftover(t *testing.T) {
	t.Parallel()
	path := file(t, "half")
	backup := filepath.Join(filepath.Dir(path), ".prod.yaml.sops-backup")
	if err := os.WriteFile(backup, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	unlock, err := atomicfile.Lock(t.Context(), backup, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := atomicfile.Leftover(path); got != "" {
		t.Errorf("of a live process: %q", got)
	}
	unlock()
	if got := atomicfile.Leftover(path); got != backup {
		t.Errorf("of a dead process: %q", got)
	}
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := atomicfile.Leftover(path); got != "" {
		t.Errorf("of a write that had not begun: %q", got)
	}
	if diff := cmp.Diff([]string{"prod.yaml"}, names(t, filepath.Dir(path))); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestReadTakesPipesOfAnyLength(t *testing.T) {
	t.Parallel()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	want := bytes.Repeat([]byte("0123456789"), 50_000)
	go func() {
		_, _ = io.Copy(w, bytes.NewReader(want))
		w.Close()
	}()
	if got := read(t, fmt.Sprintf("/dev/fd/%d", r.Fd())).Data; !bytes.Equal(got, want) {
		t.Errorf("%d bytes came as %d", len(want), len(got))
	}
}
