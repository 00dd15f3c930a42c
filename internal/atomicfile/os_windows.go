package atomicfile

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/windows"
)

// links returns 1: os.FileInfo does not know better here, and a rename of
// Windows keeps to the name it is given.
func links(fs.FileInfo) uint64 { return 1 }

// keepOwner does nothing: a new file inherits the rights of its directory.
func keepOwner(*os.File, fs.FileInfo) error { return nil }

// tryLock succeeds: openLock's exclusive handle is the lock already.
func tryLock(*os.File) (bool, error) { return true, nil }

// sweep removes the temporary file name, which Windows refuses while its
// process has it open, and reports whether the name is free.
func sweep(name, _ string) bool {
	err := os.Remove(name)
	return err == nil || errors.Is(err, fs.ErrNotExist)
}

// mayCreate reports whether files can be made in dir, which is not to be seen
// here without making one.
func mayCreate(string) bool { return false }

// openLock opens a file beside path that no other process can open meanwhile and
// that vanishes with its handle, also when the process dies. The file itself
// will not do: an open file cannot be renamed over. A nil file says that the
// lock is taken.
func openLock(path string) (*os.File, string, error) {
	target, err := resolve(path)
	if err != nil {
		return nil, "", err
	}
	name := target + ".sops-lock"
	wide, err := windows.UTF16PtrFromString(name)
	if err != nil {
		return nil, "", err
	}
	h, err := windows.CreateFile(wide, windows.GENERIC_WRITE, 0, nil, windows.OPEN_ALWAYS,
		windows.FILE_ATTRIBUTE_HIDDEN|windows.FILE_FLAG_DELETE_ON_CLOSE, 0)
	if errors.Is(err, windows.ERROR_SHARING_VIOLATION) {
		return nil, name, nil
	}
	if err != nil {
		return nil, "", err
	}
	return os.NewFile(uintptr(h), name), name, nil
}

func keyOf(fs.FileInfo) any { return nil }

func holderOf(fs.FileInfo) string { return another }

// descriptorOf finds none: Windows has no names for them.
func descriptorOf(string) (int, bool) { return 0, false }

func duplicate(int, string) (*os.File, error) { return nil, errors.ErrUnsupported }

// runs is true: locks are no files of this kind here.
func runs(int) bool { return true }
