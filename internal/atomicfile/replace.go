package atomicfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
)

// A replacement puts data at target.
type replacement struct {
	target string // no symbolic link
	data   []byte
	mode   fs.FileMode  // of a new file
	verify func() error // the last look before the point of no return
}

// run chooses the way: create, rename over, or overwrite in place.
func (r *replacement) run(mustBeNew bool) error {
	info, err := writable(r.target)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return r.create(mustBeNew)
	case err != nil:
		return err
	case links(info) > 1:
		return r.inPlace()
	}
	err = r.rename(info)
	if errors.Is(err, errInPlace) {
		return r.inPlace()
	}
	return err
}

// writable returns the state of the file at name if it may be written. To
// rename over a read-only file is possible, but against its owner's will.
func writable(name string) (fs.FileInfo, error) {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.Stat()
}

// errInPlace says that the target has to be overwritten where it is.
var errInPlace = errors.New("it cannot be replaced")

// rename replaces the existing target, whose state is info.
func (r *replacement) rename(info fs.FileInfo) error {
	t, err := newTemp(r.target, 0o600)
	if errors.Is(err, fs.ErrPermission) {
		return errInPlace
	}
	if err != nil {
		return err
	}
	defer t.discard()
	if err := keepOwner(t.file, info); err != nil {
		return errInPlace
	}
	if err := t.file.Chmod(info.Mode()); err != nil {
		return err
	}
	if err := fill(t.file, r.data); err != nil {
		return err
	}
	if err := r.verify(); err != nil {
		return err
	}
	err = t.rename(r.target)
	if errors.Is(err, syscall.EBUSY) || errors.Is(err, syscall.EXDEV) || errors.Is(err, fs.ErrPermission) {
		return errInPlace // a mount point, or another user's file in a directory such as /tmp
	}
	if err != nil {
		return err
	}
	return syncDir(filepath.Dir(r.target))
}

// create makes a file where there was none.
func (r *replacement) create(mustBeNew bool) error {
	t, err := newTemp(r.target, r.mode)
	if err != nil {
		return err
	}
	defer t.discard()
	if err := fill(t.file, r.data); err != nil {
		return err
	}
	if err := r.verify(); err != nil {
		return err
	}
	if mustBeNew {
		err = t.link(r.target)
	} else {
		err = t.rename(r.target)
	}
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%w: another process created it", ErrChanged)
	}
	if err != nil {
		return err
	}
	return syncDir(filepath.Dir(r.target))
}

// fill writes data to f, whose present content it replaces without letting go
// of its blocks first, brings it to the disk and reads it back.
func fill(f *os.File, data []byte) error {
	if _, err := f.WriteAt(data, 0); err != nil {
		return err
	}
	if err := f.Truncate(int64(len(data))); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	same, err := holds(f, data)
	if err != nil {
		return err
	}
	if !same {
		return errors.New("reading it back gave other bytes than were written")
	}
	return nil
}

// holds compares the content of f with data, piece by piece: a second copy of a
// large file would double the memory.
func holds(f *os.File, data []byte) (bool, error) {
	buf := make([]byte, min(len(data)+1, 1<<20))
	for at := 0; ; {
		n, err := f.ReadAt(buf, int64(at))
		if n > len(data)-at || !bytes.Equal(buf[:n], data[at:at+n]) {
			return false, nil
		}
		at += n
		if errors.Is(err, io.EOF) {
			return at == len(data), nil
		}
		if err != nil {
			return false, err
		}
	}
}

// syncDir makes a rename in dir durable. Some file systems cannot, and some
// directories cannot be opened: there the rename is as durable as it gets.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return nil
	}
	defer d.Close()
	if err := d.Sync(); errors.Is(err, syscall.EIO) {
		return fmt.Errorf("its directory could not be brought to the disk (the file itself is new and whole): %w", err)
	}
	return nil
}
