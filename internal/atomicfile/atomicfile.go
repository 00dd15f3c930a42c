// Package atomicfile replaces files so that a reader, a crash or a full disk
// finds the old content or the new one, whole, and nothing else.
//
//	unlock, err := atomicfile.Lock(ctx, "prod.yaml", nil)
//	defer unlock()
//	f, err := atomicfile.Read(ctx, "prod.yaml")
//	err = f.Write(change(f.Data), nil)
//
// A write fills a temporary file in the directory of the target, syncs it,
// reads it back, looks once more whether the target still holds what was read
// (ErrChanged if not), and renames. Mode, owner, access control lists and
// extended attributes stay. The temporary file is readable by the user alone
// while it has another name than the target. One that a killed process left
// is found and removed by Clean.
//
// Symbolic links are followed, but not those that another user may have
// planted, and nothing is written into a file that another user may have put
// into a shared directory: see resolve and trust.
//
// Three kinds of targets cannot be renamed over without harm: files with more
// than one hard link, files in a directory that may not be written, and files
// that are mount points of their own (a file mounted into a container). They
// are overwritten in place, after their old content was saved in a backup
// file: an error restores it, and a kill in that moment leaves the backup,
// which Leftover finds.
package atomicfile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"

	"github.com/seed-1f7fdfb8/sops/internal/deadline"
)

// ErrChanged is in the chain of the error of a Write whose file no longer holds
// what was read.
var ErrChanged = errors.New("it changed on disk since it was read")

// errNotRegular is the reason why a pipe or a device cannot be written back.
var errNotRegular = errors.New("it is not a regular file")

// A File is what was read from a path, and remembers it for Write.
type File struct {
	// Data is the content, which must not be changed: Write compares with it.
	Data []byte

	path    string
	regular bool
	absent  bool        // nothing was at path, and nothing may be when writing
	mode    fs.FileMode // of a file that Write creates
}

// Read reads the file at path. Pipes, devices and /dev/stdin can be read too,
// but not written back; waiting for them ends with ctx.
func Read(ctx context.Context, path string) (*File, error) {
	return deadline.Until(ctx, func() (*File, error) { return read(path) })
}

func read(path string) (*File, error) {
	src, err := openSource(path)
	if err != nil {
		return nil, unread(path, err)
	}
	defer src.Close()
	info, err := src.Stat()
	if err != nil {
		return nil, unread(path, err)
	}
	if info.IsDir() {
		return nil, unread(path, syscall.EISDIR)
	}
	buf := bytes.NewBuffer(make([]byte, 0, info.Size()+bytes.MinRead))
	if _, err := buf.ReadFrom(src); err != nil {
		return nil, unread(path, err)
	}
	_, descriptor := descriptorOf(path)
	return &File{
		Data:    buf.Bytes(),
		path:    path,
		regular: info.Mode().IsRegular() && !descriptor,
	}, nil
}

// Absent returns the File of a path where nothing is yet. Its Write creates
// a file of the given mode (less the umask), and fails with ErrChanged if
// another process was quicker.
func Absent(path string, mode fs.FileMode) *File {
	return &File{path: path, regular: true, absent: true, mode: mode}
}

// Write replaces the content of the file by data. check, if not nil, is asked
// first and its error is returned as it is. After any error the file is as it
// was, unless the error says otherwise. After success f is the new
// content, so that it can be written again.
func (f *File) Write(data []byte, check func([]byte) error) error {
	return f.write(data, check, false)
}

// WritePlaintext is Write for data that only the user may read until it is in
// place: the file gets its mode after the rename, not before.
func (f *File) WritePlaintext(data []byte) error { return f.write(data, nil, true) }

func (f *File) write(data []byte, check func([]byte) error, plaintext bool) error {
	if check != nil {
		if err := check(data); err != nil {
			return err
		}
	}
	if !f.regular {
		return unwritten(f.path, errNotRegular)
	}
	target, err := resolve(f.path)
	if err != nil {
		return unwritten(f.path, err)
	}
	r := replacement{target: target, data: data, mode: f.mode, plaintext: plaintext, syncDir: syncDir, chmod: (*os.File).Chmod}
	r.verify = func() error { return f.unchanged(target) }
	err = r.run(f.wanted())
	if err == nil || IsWritten(err) {
		f.absent = false
		f.Data = data
	}
	return unwritten(f.path, err)
}

// wanted returns what Write expects at its path.
func (f *File) wanted() existence {
	if f.absent {
		return mustBeAbsent
	}
	return mustExist
}

// unchanged reports ErrChanged unless target holds what f remembers.
func (f *File) unchanged(target string) error {
	now, err := os.Open(target)
	if errors.Is(err, fs.ErrNotExist) {
		if f.absent {
			return nil
		}
		return fmt.Errorf("%w: it was removed", ErrChanged)
	}
	if err != nil {
		return err
	}
	defer now.Close()
	if f.absent {
		return fmt.Errorf("%w: another process created it", ErrChanged)
	}
	same := comparison{f.Data}
	if _, err := io.Copy(&same, now); err != nil {
		return err
	}
	if len(same.rest) > 0 {
		return ErrChanged
	}
	return nil
}

// A comparison fails when something else is written to it than what it holds.
type comparison struct{ rest []byte }

func (c *comparison) Write(b []byte) (int, error) {
	rest, ok := bytes.CutPrefix(c.rest, b)
	if !ok {
		return 0, ErrChanged
	}
	c.rest = rest
	return len(b), nil
}

// Create writes data to path, whatever is there. An existing file keeps its
// mode and owner; a new one gets mode, less the umask. A mode that lets the user
// alone read says that data is plaintext, which goes into no file that another
// member of a group has put into their directory. Pipes, devices and
// /dev/stdout are written to, not replaced; waiting for them ends with ctx.
func Create(ctx context.Context, path string, data []byte, mode fs.FileMode) error {
	if fd, ok := descriptorOf(path); ok {
		return stream(ctx, path, data, func() (*os.File, error) { return duplicate(fd, path) })
	}
	target, err := resolve(path)
	if err != nil {
		return unwritten(path, err)
	}
	info, err := os.Lstat(target)
	switch {
	case err == nil && info.IsDir():
		return unwritten(path, syscall.EISDIR)
	case err == nil && !info.Mode().IsRegular():
		return stream(ctx, path, data, func() (*os.File, error) { return openStream(target, private(mode)) })
	case err != nil && isStream(path): // a link of /proc leads to no name
		return stream(ctx, path, data, func() (*os.File, error) { return os.OpenFile(path, os.O_WRONLY, 0) })
	}
	return unwritten(path, replaceAny(target, data, mode))
}

// private reports whether the mode lets the user alone read.
func private(mode fs.FileMode) bool { return mode&0o077 == 0 }

// replaceAny replaces the regular file at target, or makes one.
func replaceAny(target string, data []byte, mode fs.FileMode) error {
	r := replacement{
		target: target, data: data, mode: mode, plaintext: private(mode), strict: private(mode), syncDir: syncDir,
		chmod: (*os.File).Chmod, verify: func() error { return nil },
	}
	return r.run(mayExist)
}

// stream writes data to what open returns.
func stream(ctx context.Context, path string, data []byte, open func() (*os.File, error)) error {
	_, err := deadline.Until(ctx, func() (struct{}, error) {
		f, err := open()
		if err != nil {
			return struct{}{}, err
		}
		_, err = f.Write(data)
		return struct{}{}, errors.Join(err, f.Close())
	})
	return unwritten(path, err)
}

// openStream opens the pipe or device at target for writing.
func openStream(target string, strict bool) (*os.File, error) {
	if _, err := trusted(target, strict); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(target, os.O_WRONLY|noFollow, 0)
	if err != nil {
		return nil, err
	}
	if err := trustOpened(f, target, strict); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// isStream reports whether something that is no regular file is at path.
func isStream(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir() && !info.Mode().IsRegular()
}

func isPipe(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode()&(fs.ModeNamedPipe|fs.ModeSocket) != 0
}

// openSource opens path for reading. A path that names a descriptor of this
// process is read through it: sockets and terminals of another user cannot be
// opened by name.
func openSource(path string) (*os.File, error) {
	if fd, ok := descriptorOf(path); ok {
		return duplicate(fd, path)
	}
	return os.Open(path)
}
