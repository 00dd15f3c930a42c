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

// lockWait is how long Lock waits for one holder. Whoever can read a file can
// lock it: without a deadline they could keep it from ever being written. It
// begins anew when the holder changes, so that many commands in a row all come
// to their turn.
const lockWait = 30 * time.Second

// errHeld is the reason why the waiting for a lock ended by itself.
var errHeld = errors.New("it did not let go of it")

// A LockError says that another process kept the lock until the context or the
// deadline ended.
type LockError struct {
	Path   string
	Holder string // "process 4242" where it could be found out
	Err    error
	file   string // that is the lock, if there is one
}

func (e *LockError) Error() string {
	if errors.Is(e.Err, errHeld) {
		return fmt.Sprintf("%s: not written: %s has held the lock on it for %v", e.Path, e.Holder, lockWait)
	}
	return fmt.Sprintf("%s: waited for %s, which is writing it: %v", e.Path, e.Holder, e.Err)
}

// Unwrap returns the reason why the waiting ended.
func (e *LockError) Unwrap() error { return e.Err }

// File returns the path.
func (e *LockError) File() string { return e.Path }

// Hints says how to go on.
func (e *LockError) Hints() []string {
	advice := "run the command again when " + e.Holder + " has ended"
	if e.file != "" {
		advice += "; if no command is changing the file: rm " + quote(e.file)
	}
	return []string{advice}
}

// Lock takes the exclusive right, among processes that ask for it, to read and
// rewrite the file at path. It waits until ctx ends, or until one other process
// has had the lock for too long; waiting, if not nil, is called once when it
// takes a moment, with words for who holds the lock. The lock ends with unlock,
// with the process, and with the first Write: what is renamed into place is a
// new file, which the next one locks.
//
// The lock is on the file itself: it leaves nothing beside it. Where the file
// system has no locks, a file beside it is one: see lockFile. Where there can
// be no such file either the error is errors.ErrUnsupported. What is not a
// regular file needs no lock.
func Lock(ctx context.Context, path string, waiting func(holder string)) (unlock func(), err error) {
	l := locker{try: tryLock, deadline: lockWait}
	return l.lock(ctx, path, waiting)
}

// A locker is the way to lock.
type locker struct {
	try      func(*os.File) (bool, error)
	deadline time.Duration
}

// A holder is who has a lock.
type holder struct {
	key  any           // another one means another holder
	name func() string // in words
	file string        // that is the lock, "" if the system keeps it
}

func (l locker) lock(ctx context.Context, path string, waiting func(string)) (func(), error) {
	began := time.Now()
	var last any
	var since time.Time
	for pause := time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		unlock, holder, err := l.once(path)
		if err != nil {
			return nil, err
		}
		if unlock != nil {
			return unlock, nil
		}
		now := time.Now()
		if holder.key != last {
			last, since = holder.key, now
		}
		if now.Sub(since) > l.deadline {
			return nil, &LockError{Path: path, Holder: holder.name(), Err: errHeld, file: holder.file}
		}
		if waiting != nil && now.Sub(began) > patience {
			waiting(holder.name())
			waiting = nil
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, &LockError{Path: path, Holder: holder.name(), Err: context.Cause(ctx), file: holder.file}
		}
	}
}

// once returns unlock, or if the lock is taken its holder.
func (l locker) once(path string) (unlock func(), h *holder, err error) {
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
		return nil, &holder{key: name, name: func() string { return another }}, nil
	}
	locked, err := l.try(f)
	switch {
	case err != nil:
		f.Close()
		return byFile(path, err)
	case locked && current(f, name):
		return func() { f.Close() }, nil, nil
	}
	info, err := f.Stat()
	f.Close()
	return nil, &holder{key: keyOf(info), name: func() string { return holderOf(info) }}, err
}

// another is a holder of which no more is known.
const another = "another process"

// current reports whether f is still what is at name: the process that held the
// lock has probably renamed a new file over it.
func current(f *os.File, name string) bool {
	mine, err := f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(name)
	return err == nil && os.SameFile(mine, there)
}
