package app

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"syscall"

	"github.com/seed-1f7fdfb8/sops/internal/atomicfile"
)

// Modes of new files. The umask narrows them.
const (
	PlainMode     = 0o600
	EncryptedMode = 0o644
)

// write puts data where t says. In place, the file must still hold what was
// read. The mode is that of a new file, and says whether data is plaintext.
func (a *App) write(ctx context.Context, s *Source, t Target, data []byte, mode fs.FileMode) error {
	switch {
	case t.InPlace && s.file == nil:
		return t.Check(s.File) // standard input
	case t.InPlace && mode == PlainMode:
		return s.file.WritePlaintext(data)
	case t.InPlace:
		return s.file.Write(data, nil)
	case t.Output != "":
		return a.writeFile(ctx, t.Output, data, mode)
	}
	return a.writeStdout(ctx, data)
}

// WriteEncrypted writes an encrypted text to a file by name, under its lock if it is
// there.
func (a *App) WriteEncrypted(ctx context.Context, path string, data []byte) error {
	return a.writeFile(ctx, path, data, EncryptedMode)
}

// writeFile writes a file by name, under its lock if it is there.
func (a *App) writeFile(ctx context.Context, path string, data []byte, mode fs.FileMode) error {
	unlock, err := a.lockPresent(ctx, path)
	if err != nil {
		return err
	}
	defer unlock()
	a.clean(path, false)
	return atomicfile.Create(ctx, a.Abs(path), data, mode)
}

// writeStdout writes to standard output. A reader that does not read keeps the
// command waiting until ctx ends.
func (a *App) writeStdout(ctx context.Context, data []byte) error {
	done := make(chan error, 1)
	go func() { // ends with the process if not before: a write cannot be stopped
		_, err := a.Stdout.Write(data)
		done <- err
	}()
	var err error
	select {
	case err = <-done:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	switch {
	case err == nil, errors.Is(err, syscall.EPIPE), errors.Is(err, io.ErrClosedPipe):
		return nil // or the reader has seen enough
	}
	return Fail(Output, "", "standard output: %w", err)
}
