package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// slots is the number of names a temporary file may have: the first free one is
// taken. Names that are known in advance make stale files easy to find without
// reading the directory.
const slots = 16

// A temp is a temporary file beside its target. Its process holds a lock on it
// while it lives, so that whoever can lock one may remove it as stale. A lock
// is better than a process number in the name: it is right across containers
// and reboots.
type temp struct {
	file   *os.File
	placed bool // the name is gone
}

// newTemp makes an empty temporary file for target and removes stale ones.
func newTemp(target string, mode fs.FileMode) (*temp, error) {
	for i := range slots {
		name := slot(target, i)
		f, err := create(name, target, mode)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for j := i + 1; j < slots; j++ {
			sweep(slot(target, j), target)
		}
		return &temp{file: f}, nil
	}
	dir, base := filepath.Split(target)
	f, err := os.CreateTemp(filepath.Clean(dir), "."+short(base)+".sops-tmp-*")
	if err != nil {
		return nil, err
	}
	return &temp{file: f}, nil
}

func slot(target string, i int) string {
	dir, base := filepath.Split(target)
	return filepath.Join(dir, fmt.Sprintf(".%s.sops-tmp%d", short(base), i))
}

// short leaves room for what is put around a file's name: names are limited to
// 255 bytes.
func short(base string) string { return base[:min(len(base), 200)] }

// create makes and locks the file name, in place of a stale one if need be.
func create(name, target string, mode fs.FileMode) (*os.File, error) {
	const flags = os.O_RDWR | os.O_CREATE | os.O_EXCL
	f, err := os.OpenFile(name, flags, mode)
	if errors.Is(err, fs.ErrExist) && sweep(name, target) {
		f, err = os.OpenFile(name, flags, mode)
	}
	if err != nil {
		return nil, err
	}
	// Between creation and lock another process may take the file for stale.
	// Then its name is gone, or about to be, and the next slot is as good.
	locked, err := tryLock(f)
	if err == nil && (!locked || !isStill(f, name)) {
		f.Close()
		return nil, fs.ErrExist
	}
	return f, nil // without locks on this file system it is never swept
}

// isStill reports whether name is still the name of f.
func isStill(f *os.File, name string) bool {
	mine, err := f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Lstat(name)
	return err == nil && os.SameFile(mine, there)
}

// rename moves the file over target.
func (t *temp) rename(target string) error {
	t.release()
	err := os.Rename(t.file.Name(), target)
	t.placed = err == nil
	return err
}

// link gives the file the name target. The error is fs.ErrExist if there is
// such a name already.
func (t *temp) link(target string) error {
	t.release()
	err := os.Link(t.file.Name(), target)
	if err == nil {
		return nil // discard removes the temporary name
	}
	if _, there := os.Lstat(target); errors.Is(err, fs.ErrExist) || there == nil {
		return fs.ErrExist
	}
	return t.rename(target) // a file system without hard links
}

// release closes the file where an open one cannot be renamed. Elsewhere it
// stays open, and with it the lock.
func (t *temp) release() {
	if runtime.GOOS == "windows" {
		t.file.Close()
	}
}

// chmod gives the file, which has become target, its mode.
func (t *temp) chmod(target string, mode fs.FileMode) error {
	if runtime.GOOS == "windows" { // where it is closed, see release
		return os.Chmod(target, mode)
	}
	return t.file.Chmod(mode)
}

// discard removes the file unless it has become the target.
func (t *temp) discard() {
	if runtime.GOOS == "windows" {
		t.file.Close()
	}
	if !t.placed {
		os.Remove(t.file.Name())
	}
	t.file.Close()
}

// Clean removes the temporary files that writes of path left when they were
// killed, and returns their names. Only files of this user are removed whose
// process is dead: it had them locked. On a file system without locks that
// cannot be seen; alone, which says that the caller holds the lock of path,
// will do there as well.
func Clean(path string, alone bool) (removed []string) {
	if _, ok := descriptorOf(path); ok {
		return nil
	}
	target, err := resolve(path)
	if err != nil {
		return nil
	}
	for i := range slots {
		name := slot(target, i)
		if !ours(name, target) {
			continue
		}
		if sweep(name, target) || alone && !lockable(name) && os.Remove(name) == nil {
			removed = append(removed, name)
		}
	}
	return removed
}

// lockable reports whether the file system of the file at name has locks.
func lockable(name string) bool {
	f, err := os.OpenFile(name, os.O_RDONLY|noFollow|nonBlock, 0)
	if err != nil {
		return true
	}
	defer f.Close()
	_, err = tryLock(f)
	return err == nil
}
