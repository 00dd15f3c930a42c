// Package atomicfile replaces files so that a reader, a crash or a full disk
// finds the old content or the new one, whole, and nothing else.
//
//	unlock, err := atomicfile.Lock(ctx, "prod.yaml", nil)
//	defer unlock()
//	f, err := atomicfile.Read("prod.yaml")
//	err = f.Write(change(f.Data), nil)
//
// A write fills a temporary file in the directory of the target, syncs it,
// reads it back, looks once more whether the target still holds what was read
// (ErrChanged if not), and renames. Symbolic links are followed; mode and
// owner stay.
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
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
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
	absent  bool        // nothing stood at path, and nothing must when writing
	mode    fs.FileMode // of a file that Write creates
}

// Read reads the file at path. Pipes, devices and /dev/stdin can be read too,
// but not written back.
func Read(path string) (*File, error) {
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

// Absent returns the File of a path where nothing stands yet. Its Write creates
// a file of the given mode (less the umask), and fails with ErrChanged if
// another process was quicker.
func Absent(path string, mode fs.FileMode) *File {
	return &File{path: path, regular: true, absent: true, mode: mode}
}

// Write replaces the content of the file by data. check, if not nil, is asked
// first and its error is returned as it is. After any error the file is as it
// was, unless the error says otherwise. After success f stands for the new
// content, so that it can be written again.
func (f *File) Write(data []byte, check func([]byte) error) error {
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
	r := replacement{target: target, data: data, mode: f.mode}
	r.verify = func() error { return f.unchanged(target) }
	if err := r.run(f.absent); err != nil {
		return unwritten(f.path, err)
	}
	f.absent = false
	f.Data = data
	return nil
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

// Create writes data to path, whatever stood there. An existing file keeps its
// mode and owner; a new one gets mode, less the umask. Pipes, devices and
// /dev/stdout are written to, not replaced.
func Create(path string, data []byte, mode fs.FileMode) error {
	if fd, ok := descriptorOf(path); ok {
		return stream(path, data, func() (*os.File, error) { return duplicate(fd, path) })
	}
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return unwritten(path, syscall.EISDIR)
	case err == nil && !info.Mode().IsRegular():
		return stream(path, data, func() (*os.File, error) { return os.OpenFile(path, os.O_WRONLY, 0) })
	}
	target, err := resolve(path)
	if err != nil {
		return unwritten(path, err)
	}
	r := replacement{target: target, data: data, mode: mode, verify: func() error { return nil }}
	return unwritten(path, r.run(false))
}

// stream writes data to what open returns.
func stream(path string, data []byte, open func() (*os.File, error)) error {
	f, err := open()
	if err != nil {
		return unwritten(path, err)
	}
	_, err = f.Write(data)
	return unwritten(path, errors.Join(err, f.Close()))
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

// resolve follows the symbolic links of path to the name where its file stands
// or, behind a dangling link, would stand.
func resolve(path string) (string, error) {
	for range 40 { // as many links as Linux follows
		target, err := filepath.EvalSymlinks(path)
		if !errors.Is(err, fs.ErrNotExist) {
			return target, err
		}
		link, err := os.Readlink(path)
		if err != nil { // nothing stands there: only the directory has to exist
			dir, err := filepath.EvalSymlinks(filepath.Dir(path))
			return filepath.Join(dir, filepath.Base(path)), err
		}
		if !filepath.IsAbs(link) {
			link = filepath.Join(filepath.Dir(path), link)
		}
		path = link
	}
	return "", errors.New("too many symbolic links")
}
