package atomicfile

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// patience is how long Lock waits in silence.
const patience = 500 * time.Millisecond

// A LockError says that another process kept the lock until the context ended.
type LockError struct {
	Path   string
	Holder string // "process 4242" where it could be found out
	Err    error
}

func (e *LockError) Error() string {
	return fmt.Sprintf("%s: waited for %s, which is writing it: %v", e.Path, e.Holder, e.Err)
}

// Unwrap returns the reason why the waiting ended.
func (e *LockError) Unwrap() error { return e.Err }

// File returns the path.
func (e *LockError) File() string { return e.Path }

// ExitCode returns that of a file which could not be written.
func (e *LockError) ExitCode() int { return 3 }

// Hints says how to go on.
func (e *LockError) Hints() []string {
	return []string{"run the command again when " + e.Holder + " has ended"}
}

// Lock takes the exclusive right, among processes that ask for it, to read and
// rewrite the file at path. It waits until ctx ends; waiting, if not nil, is
// called once when that takes long, with words for who holds the lock. The lock
// ends with unlock, with the process, and with the first Write: what is renamed
// into place is a new file, which the next one locks.
//
// The lock is on the file itself: it leaves nothing beside it. Where the file
// system has no locks the error is errors.ErrUnsupported; one can go on, since
// Write still finds what others changed. What is not a regular file needs no
// lock.
func Lock(ctx context.Context, path string, waiting func(holder string)) (unlock func(), err error) {
	began := time.Now()
	for pause := time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		unlock, holder, err := lockOnce(path)
		if err != nil {
			return nil, err
		}
		if unlock != nil {
			return unlock, nil
		}
		if waiting != nil && time.Since(began) > patience {
			waiting(holder())
			waiting = nil
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, &LockError{Path: path, Holder: holder(), Err: context.Cause(ctx)}
		}
	}
}

// lockOnce returns unlock, or if the lock is taken a way to name its holder.
func lockOnce(path string) (unlock func(), holder func() string, err error) {
	if _, ok := descriptorOf(path); ok {
		return func() {}, nil, nil
	}
	if info, err := os.Stat(path); err != nil {
		return nil, nil, unread(path, err)
	} else if !info.Mode().IsRegular() {
		return func() {}, nil, nil
	}
	f, name, err := openLock(path)
	if err != nil {
		return nil, nil, unwritten(path, err)
	}
	if f == nil {
		return nil, func() string { return "another process" }, nil
	}
	locked, err := tryLock(f)
	switch {
	case err != nil:
		f.Close()
		return nil, nil, unwritten(path, errors.Join(fmt.Errorf("lock: %w", err), errors.ErrUnsupported))
	case locked && current(f, name):
		return func() { f.Close() }, nil, nil
	}
	info, err := f.Stat()
	f.Close()
	return nil, func() string { return holderOf(info) }, err
}

// current reports whether f is still what stands at name: the one who held the
// lock has probably renamed a new file over it.
func current(f *os.File, name string) bool {
	mine, err := f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(name)
	return err == nil && os.SameFile(mine, there)
}
