//go:build unix

package atomicfile

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// links returns the number of names of a file.
func links(info fs.FileInfo) uint64 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(st.Nlink)
	}
	return 1
}

// keepOwner gives f the owner and group of info. Who may write the file but
// does not own it cannot give it away; that is right as long as the group, and
// with it everybody's access, stays.
func keepOwner(f *os.File, info fs.FileInfo) error {
	mine, err := f.Stat()
	if err != nil {
		return err
	}
	now, want := mine.Sys().(*syscall.Stat_t), info.Sys().(*syscall.Stat_t)
	if now.Uid == want.Uid && now.Gid == want.Gid {
		return nil
	}
	if f.Chown(int(want.Uid), int(want.Gid)) == nil || now.Gid == want.Gid {
		return nil
	}
	return f.Chown(-1, int(want.Gid))
}

// tryLock locks f if no other process has. An error says that it cannot be locked at
// all.
func tryLock(f *os.File) (bool, error) {
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		switch {
		case err == nil:
			return true, nil
		case errors.Is(err, unix.EWOULDBLOCK):
			return false, nil
		case !errors.Is(err, unix.EINTR):
			return false, err
		}
	}
}

// sweep removes the temporary file name of target if it is the user's own and
// its process is dead, and reports whether the name is free.
func sweep(name, target string) bool {
	if _, err := os.Lstat(name); errors.Is(err, fs.ErrNotExist) {
		return true
	}
	if !ours(name, target) {
		return false
	}
	f, err := os.OpenFile(name, os.O_RDWR|noFollow|nonBlock, 0)
	if err != nil {
		return errors.Is(err, fs.ErrNotExist)
	}
	defer f.Close()
	locked, err := tryLock(f)
	return err == nil && locked && isStill(f, name) && os.Remove(name) == nil
}

// mayCreate reports whether files can be made in dir.
func mayCreate(dir string) bool { return unix.Access(dir, unix.W_OK) == nil }

// openLock opens what is locked for path: the file itself. NFS wants it open
// for writing. A nil file says that the lock is taken.
func openLock(path string) (*os.File, string, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		f, err = os.Open(path)
	}
	return f, path, err
}

// keyOf distinguishes holders of a lock: each write leaves another file or
// another time.
func keyOf(info fs.FileInfo) any {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	return [2]int64{int64(st.Ino), info.ModTime().UnixNano()}
}

// holderOf names the process that has locked the file, as far as Linux knows.
func holderOf(info fs.FileInfo) string {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return another
	}
	table, err := os.Open("/proc/locks")
	if err != nil {
		return another
	}
	defer table.Close()
	inode := fmt.Sprintf(":%d", st.Ino)
	for lines := bufio.NewScanner(table); lines.Scan(); {
		// 1: FLOCK  ADVISORY  WRITE 4242 fe:00:12345 0 EOF
		f := strings.Fields(lines.Text())
		if len(f) > 5 && f[1] == "FLOCK" && f[4] != "0" && strings.HasSuffix(f[5], inode) {
			return "process " + f[4]
		}
	}
	return another
}

// descriptorOf returns the descriptor that path is another name of.
func descriptorOf(path string) (int, bool) {
	switch path {
	case "/dev/stdin":
		return 0, true
	case "/dev/stdout":
		return 1, true
	case "/dev/stderr":
		return 2, true
	}
	for _, dir := range []string{"/dev/fd/", "/proc/self/fd/"} {
		if n, ok := strings.CutPrefix(path, dir); ok {
			fd, err := strconv.Atoi(n)
			return fd, err == nil && fd >= 0
		}
	}
	return 0, false
}

// duplicate opens the descriptor fd a second time.
func duplicate(fd int, path string) (*os.File, error) {
	dup, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(dup), path), nil
}

// runs reports whether the process runs.
func runs(pid int) bool { return !errors.Is(unix.Kill(pid, 0), unix.ESRCH) }
