//go:build unix

package atomicfile_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/seed-1f7fdfb8/sops/internal/atomicfile"
)

// other is a user who plants things; unprivileged is one who writes to them.
const other = 4321

// shared makes a directory of owner with the mode, and in it what plant makes
// at the path that it is given. It returns that path. Beside the directory there
// is a file "mine" of the user who writes, and "theirs" of the other.
func shared(t *testing.T, owner, writer int, mode fs.FileMode, plant func(path string) error) (path string) {
	t.Helper()
	top := t.TempDir()
	dir := filepath.Join(top, "shared")
	path = filepath.Join(dir, "f")
	err := errors.Join(os.Chmod(top, 0o755), os.Chmod(filepath.Dir(top), 0o755), os.Mkdir(dir, 0o700))
	for name, uid := range map[string]int{"mine": writer, "theirs": other} {
		file := filepath.Join(top, name)
		err = errors.Join(err, os.WriteFile(file, []byte("old"), 0o644), os.Chown(file, uid, uid),
			os.Mkdir(file+".d", 0o755), os.Chown(file+".d", uid, uid))
	}
	err = errors.Join(err, plant(path), os.Chown(dir, owner, owner), os.Chmod(dir, mode))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// by gives what make has made to the user.
func by(uid int, make func(path string) error) func(path string) error {
	return func(path string) error { return errors.Join(make(path), os.Lchown(path, uid, uid)) }
}

func regular(path string) error { return os.WriteFile(path, []byte("old"), 0o666) }

func fifo(path string) error { return unix.Mkfifo(path, 0o666) }

func link(to string) func(string) error {
	return func(path string) error { return os.Symlink(to, path) }
}

func TestNothingIsWrittenToWhatAnotherUserPlanted(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Log("only root can make files of other users: nothing was tried")
		return
	}
	const (
		sticky = 0o777 | fs.ModeSticky
		group  = 0o775 | fs.ModeSticky
	)
	for _, writer := range []int{0, unprivileged} {
		tests := []struct {
			name  string
			owner int // of the directory
			mode  fs.FileMode
			plant func(string) error
			rest  string // of the path, after what was planted
			want  string // in the error, "" if it is written
		}{
			{"nothing", 0, sticky, func(string) error { return nil }, "", ""},
			{"own file", 0, sticky, by(writer, regular), "", ""},
			{"file of another", 0, sticky, by(other, regular), "", "it belongs to user 4321"},
			{"file of another, not sticky", 0, 0o777, by(other, regular), "", "it belongs to user 4321"},
			{"file of another, group", 0, group, by(other, regular), "", "it belongs to user 4321"},
			{"file of another, of a group without sticky bit", 0, 0o775, by(other, regular), "", "it belongs to user 4321"},
			{"pipe of another", 0, sticky, by(other, fifo), "", "it belongs to user 4321"},
			{"own link", 0, sticky, by(writer, link("../mine")), "", ""},
			{"own link to nothing", 0, sticky, by(writer, link("new")), "", ""},
			{"link of another to one's own", 0, sticky, by(other, link("../mine")), "", "a symbolic link that user 4321 put"},
			{"link of another to theirs", 0, sticky, by(other, link("../theirs")), "", "a symbolic link that user 4321 put"},
			{"link of another to nothing", 0, sticky, by(other, link("../theirs.d/f")), "", "a symbolic link that user 4321 put"},
			{"link of another, not sticky", 0, 0o777, by(other, link("../mine")), "", "a symbolic link that user 4321 put"},
			{"link of another on the way", 0, sticky, by(other, link("../mine.d")), "f", "a symbolic link that user 4321 put"},
			{"link of another in their directory, to one's own", other, 0o755, by(other, link("../mine")), "", "leads to what belongs to user"},
			{"link of another in their directory, to nothing of theirs", other, 0o755, by(other, link("../mine.d/new")), "", "leads to what belongs to user"},
			{"link of another on the way, to one's own", other, 0o755, by(other, link("../mine.d")), "f", "leads to what belongs to user"},
			{"links of another to each other", other, 0o755, by(other, link("../theirs.d/../mine.d/./new")), "", "leads to what belongs to user"},
			{"directory", 0, sticky, by(other, func(p string) error { return os.Mkdir(p, 0o777) }), "", "is a directory"},
		}
		for _, test := range tests {
			for _, way := range []string{"create", "write"} {
				t.Run(fmt.Sprintf("%d/%s/%s", writer, test.name, way), func(t *testing.T) {
					t.Parallel()
					path := filepath.Join(shared(t, test.owner, writer, test.mode, test.plant), test.rest)
					if test.rest != "" {
						path = filepath.Join(filepath.Dir(path), "f", test.rest)
					}
					_, before := os.Stat(path)
					if way == "write" && (before != nil || strings.Contains(test.name, "pipe") || test.name == "directory") {
						return // there is nothing to read and write back
					}
					if way == "write" && strings.HasSuffix(test.name, "without sticky bit") {
						return // colleagues change the files of each other
					}
					got := writeAs(t, writer, way, path)
					if test.want == "" {
						if got != "" {
							t.Fatalf("%s was refused: %s", path, got)
						}
						holds(t, path, "new")
						return
					}
					if !strings.Contains(got, test.want) {
						t.Errorf("got %q, want %q", got, test.want)
					}
					untouched(t, filepath.Dir(filepath.Dir(path)))
				})
			}
		}
	}
}

// A user may own what root writes, where no one else could have put it there:
// containers that mount a directory of the user do so all the time.
func TestRootWritesWhatTheOwnerOfTheDirectoryHas(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Log("only root can make files of other users: nothing was tried")
		return
	}
	for name, plant := range map[string]func(string) error{
		"file": by(other, regular), "link": by(other, link("../theirs")), "nothing": func(string) error { return nil },
		"link to nothing": by(other, link("../theirs.d/new")),
	} {
		for _, mode := range []fs.FileMode{0o755, 0o775, 0o777} {
			path := shared(t, other, 0, mode, plant)
			if got := writeAs(t, 0, "create", path); got != "" {
				t.Errorf("%s in a directory of %v: %s", name, mode, got)
				continue
			}
			holds(t, path, "new")
			info, err := os.Stat(path)
			if owner := info.Sys().(*syscall.Stat_t).Uid; err != nil || strings.HasSuffix(name, "nothing") != (owner == 0) {
				t.Errorf("%s in a directory of %v: the owner became %d", name, mode, owner)
			}
		}
	}
}

// writeAs returns the error of a process of the user that writes "new".
func writeAs(t *testing.T, uid int, way, path string) string {
	t.Helper()
	cmd := child(t, "write as", way, path, strconv.Itoa(uid))
	cmd.Dir = "/"
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func writeOnce(args []string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	uid, err := strconv.Atoi(args[2])
	if err == nil && uid != 0 {
		err = errors.Join(syscall.Setgroups(nil), syscall.Setgid(uid), syscall.Setuid(uid))
	}
	if err != nil {
		return err
	}
	if args[0] == "create" {
		err = atomicfile.Create(ctx, args[1], []byte("new"), 0o600)
	} else {
		var f *atomicfile.File
		if f, err = atomicfile.Read(ctx, args[1]); err == nil {
			err = f.WritePlaintext([]byte("new"))
		}
	}
	if err != nil {
		fmt.Print(err)
	}
	return nil
}

// untouched fails the test if a file under dir holds "new".
func untouched(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		if b, err := os.ReadFile(path); err != nil || string(b) == "new" {
			t.Errorf("%s holds %q, %v", path, b, err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
