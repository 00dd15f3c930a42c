package app

import (
	"errors"
	"io"
	"io/fs"
	"syscall"

	"github.com/seed-1f7fdfb8/sops/internal/atomicfile"
)

// Modes of new files. The umask narrows them.
const (
	plainMode  = 0o600
	sealedMode = 0o644
)

// write puts data where t says. In place, the file must still hold what was
// read.
func (a *App) write(s *source, t Target, data []byte, mode fs.FileMode) error {
	switch {
	case t.InPlace && s.file == nil:
		return t.check(s.File) // standard input
	case t.InPlace:
		return s.file.Write(data, nil)
	case t.Output != "":
		return atomicfile.Create(a.abs(t.Output), data, mode)
	}
	_, err := a.Stdout.Write(data)
	switch {
	case err == nil, errors.Is(err, syscall.EPIPE), errors.Is(err, io.ErrClosedPipe):
		return nil // or the reader has seen enough
	}
	return fail(codeWriteOutput, "", "standard output: %w", err)
}
