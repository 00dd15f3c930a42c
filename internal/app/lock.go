package app

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/signal"
	"syscall"

	"github.com/seed-1f7fdfb8/sops/internal/atomicfile"
)

// lock takes the right to rewrite the file. Until unlock a broken pipe does not
// end the process: what it has to say is worth less than the file.
func (a *App) lock(ctx context.Context, path string) (func(), error) {
	unlock, err := atomicfile.Lock(ctx, a.Abs(path), func(holder string) {
		a.run().Warnf("%s is locked by %s; waiting", path, holder)
	})
	if errors.Is(err, errors.ErrUnsupported) {
		// The comparison with what was read, before each write, must do.
		a.Warnf("%v; do not change the file with two commands at once", err)
		unlock, err = func() {}, nil
	}
	if err != nil {
		return nil, err
	}
	a.clean(path, true)
	stop := SurviveBrokenPipes()
	return func() { unlock(); stop() }, nil
}

// lockPresent is lock for a file that may be absent. Why a file cannot be
// decrypted is for what reads or writes it to say.
func (a *App) lockPresent(ctx context.Context, path string) (unlock func(), err error) {
	unlock, err = a.lock(ctx, path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return func() {}, nil
	}
	return unlock, err
}

// lockInPlace is lockPresent for the file of a command that may rewrite it.
func (a *App) lockInPlace(ctx context.Context, f File, t Target) (unlock func(), err error) {
	if !t.InPlace || f.IsStdin() {
		return func() {}, nil
	}
	return a.lockPresent(ctx, f.Path)
}

// clean removes what killed commands left beside the file, and says so. What a
// write in place left has to be looked at by a person. Alone says that the
// caller has the lock.
func (a *App) clean(path string, alone bool) {
	for _, name := range atomicfile.Clean(a.Abs(path), alone) {
		a.Warnf("removed %s, which a command that was killed while it wrote %s had left", name, path)
	}
	if backup := atomicfile.Leftover(a.Abs(path)); backup != "" {
		a.Warnf("%s: a write of this file was interrupted, and its content from before is in %s: %s",
			path, backup, atomicfile.Restore(path, backup))
	}
}

// SurviveBrokenPipes lets writes to a broken pipe fail instead of ending the
// process, as they do on standard output and standard error. It must not be
// signal.Ignore, which an editor would inherit.
func SurviveBrokenPipes() (stop func()) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGPIPE)
	return func() { signal.Stop(c) }
}
