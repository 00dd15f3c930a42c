package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// An Error says which file could not be read or written, and why.
type Error struct {
	Path  string
	Write bool // it was to be written
	Err   error
}

func unread(path string, err error) error { return &Error{Path: path, Err: err} }

// unwritten returns nil if err is nil.
func unwritten(path string, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Path: path, Write: true, Err: err}
}

func (e *Error) Error() string {
	if e.Write {
		return e.Path + ": not written: " + reason(e.Err)
	}
	return e.Path + ": " + reason(e.Err)
}

// Unwrap returns the reason.
func (e *Error) Unwrap() error { return e.Err }

// File returns the path.
func (e *Error) File() string { return e.Path }

// ExitCode returns 2 for a file that could not be read, 3 for one that could
// not be written.
func (e *Error) ExitCode() int {
	if e.Write {
		return 3
	}
	return 2
}

// Hints says what to do about the reasons that people meet.
func (e *Error) Hints() []string {
	switch {
	case errors.As(e.Err, new(*damagedError)), errors.As(e.Err, new(*interruptedError)):
		return nil // they have their own
	case errors.Is(e.Err, ErrChanged):
		return []string{"run the command again to work on the present content; nothing was overwritten"}
	case e.Write && errors.Is(e.Err, fs.ErrNotExist):
		return []string{"create the directory " + filepath.Dir(e.Path) + " first"}
	case e.Write && isFull(e.Err):
		return []string{"free some space on the file system of " + filepath.Dir(e.Path) + " and run the command again; what stood in the file before is still there"}
	case e.Write && errors.Is(e.Err, fs.ErrPermission):
		return []string{"you need permission to write the file; a new file also needs permission to write the directory " + filepath.Dir(e.Path)}
	}
	return nil
}

// A damagedError says that a write in place failed and that the old content
// could not be restored either.
type damagedError struct {
	backup string
	err    error
}

func (e *damagedError) Error() string {
	return "the file is damaged, its old content is in " + e.backup + ": " + e.err.Error()
}

func (e *damagedError) Unwrap() error { return e.err }

// Hints says how to save the file.
func (e *damagedError) Hints() []string {
	return []string{"free some space and copy " + e.backup + " over the file"}
}

// An interruptedError says that the backup of another write in place is there.
type interruptedError struct{ target, backup string }

func (e *interruptedError) Error() string {
	return "an earlier write was interrupted, and what it was to replace is in " + e.backup
}

// Hints says how to go on.
func (e *interruptedError) Hints() []string {
	return []string{"look which of the two is good: if the backup, copy it over " + e.target + "; then remove it and run the command again"}
}

// reason drops the wrappers that repeat a path which the reader knows already.
func reason(err error) string {
	switch e := err.(type) {
	case *fs.PathError:
		return reason(e.Err)
	case *os.LinkError:
		return reason(e.Err)
	case *os.SyscallError:
		return reason(e.Err)
	}
	return err.Error()
}

// isFull reports whether there was no room: on the disk, in the quota, or under
// the limit of a file's size.
func isFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG)
}
