package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
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
	switch {
	case IsWritten(e.Err):
		return e.Path + ": written, but " + reason(e.Err)
	case e.Write:
		return e.Path + ": not written: " + reason(e.Err)
	}
	return e.Path + ": " + reason(e.Err)
}

// Unwrap returns the reason.
func (e *Error) Unwrap() error { return e.Err }

// File returns the path.
func (e *Error) File() string { return e.Path }

// Hints says what to do about the reasons that people meet.
func (e *Error) Hints() []string {
	switch {
	case errors.As(e.Err, new(*damagedError)), errors.As(e.Err, new(*interruptedError)), errors.As(e.Err, new(*plantedError)):
		return nil // they have their own
	case IsWritten(e.Err):
		return nil
	case errors.Is(e.Err, ErrChanged):
		return []string{"run the command again to work on the present content; nothing was overwritten"}
	case e.Write && errors.Is(e.Err, fs.ErrNotExist):
		return []string{"create the directory " + filepath.Dir(e.Path) + " first"}
	case e.Write && isFull(e.Err):
		return []string{"free some space on the file system of " + filepath.Dir(e.Path) + " and run the command again; the file is as it was"}
	case e.Write && errors.Is(e.Err, fs.ErrPermission):
		return []string{"you need permission to write the file; a new file also needs permission to write the directory " + filepath.Dir(e.Path)}
	}
	return nil
}

// A damagedError says that a write in place failed and that the old content
// could not be restored either.
type damagedError struct {
	target, backup string
	err            error
}

func (e *damagedError) Error() string {
	return "the file is damaged, its old content is in " + e.backup + ": " + e.err.Error()
}

func (e *damagedError) Unwrap() error { return e.err }

// Hints says how to save the file.
func (e *damagedError) Hints() []string {
	t, b := quote(e.target), quote(e.backup)
	return []string{fmt.Sprintf("free some space, then: cp %s %s && rm %s", b, t, b)}
}

// An interruptedError says that the backup of another write in place is there.
type interruptedError struct{ target, backup string }

func (e *interruptedError) Error() string {
	return "an earlier write was interrupted, and what it was to replace is in " + e.backup
}

// Hints says how to go on.
func (e *interruptedError) Hints() []string {
	return []string{Restore(e.target, e.backup)}
}

// Restore says how to mend target, whose old content an interrupted write left
// in backup.
func Restore(target, backup string) string {
	t, b := quote(target), quote(backup)
	return fmt.Sprintf("look which of the two is good; to go back: cp %s %s && rm %s; to keep the file as it is now: rm %s", b, t, b, b)
}

// quote makes text one word of a shell.
func quote(text string) string {
	if text != "" && !strings.ContainsFunc(text, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("/._-+=:,@%", r)
	}) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// A writtenError is a fault after the new content was in place.
type writtenError struct{ err error }

func (e *writtenError) Error() string { return reason(e.err) }

// Unwrap returns the reason.
func (e *writtenError) Unwrap() error { return e.err }

// IsWritten reports whether the new content is in place in spite of err, the
// error of a write.
func IsWritten(err error) bool { return errors.As(err, new(*writtenError)) }

// IsPlanted reports whether err itself is that something in the way of a write
// may be another user's.
func IsPlanted(err error) bool {
	_, ok := err.(*plantedError)
	return ok
}

// A plantedError says why something that another user may have put in the way
// is not written to.
type plantedError struct{ what, instead string }

func (e *plantedError) Error() string { return e.what }

// Hints says what to do instead.
func (e *plantedError) Hints() []string { return []string{e.instead} }

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
