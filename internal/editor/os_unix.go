//go:build unix

package editor

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// claim locks dir for as long as the process lives. Not ok without an error
// means that another process has it, or has removed it. A lock is better than
// a process number in the name, which means nothing to a container that shares
// the directory.
func claim(dir string) (c io.Closer, ok bool, err error) {
	f, err := os.OpenFile(dir, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_DIRECTORY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if err == nil && isStill(f, dir) {
		return f, true, nil
	}
	f.Close()
	if err == nil || errors.Is(err, unix.EWOULDBLOCK) {
		return nil, false, nil
	}
	return nil, false, &fs.PathError{Op: "lock", Path: dir, Err: err}
}

// isStill reports whether dir is still the name of f.
func isStill(f *os.File, dir string) bool {
	mine, err := f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Lstat(dir)
	return err == nil && os.SameFile(mine, there)
}

// ours reports whether the user who runs this process owns the file.
func ours(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == os.Geteuid()
}

func terminate(p *os.Process) error { return p.Signal(syscall.SIGTERM) }

// withoutCore keeps this process, and the editor that it starts, from leaving
// their memory in a file when they crash.
func withoutCore() (restore func()) {
	var old unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_CORE, &old) != nil {
		return func() {}
	}
	none := old
	none.Cur = 0
	_ = unix.Setrlimit(unix.RLIMIT_CORE, &none)
	return func() { _ = unix.Setrlimit(unix.RLIMIT_CORE, &old) }
}
