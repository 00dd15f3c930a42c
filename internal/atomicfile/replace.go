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
	target    string // no symbolic link
	data      []byte
	mode      fs.FileMode            // of a new file
	plaintext bool                   // the user alone may read it before it is in place
	strict    bool                   // see trusted
	verify    func() error           // the last look before the point of no return
	syncDir   func(dir string) error // makes a rename durable
	chmod     func(*os.File, fs.FileMode) error
}

// existence is what must be at a target that is written.
type existence int

const (
	mayExist existence = iota
	mustExist
	mustBeAbsent
)

// run chooses the way: create, rename over, or overwrite in place.
func (r *replacement) run(wanted existence) error {
	info, err := writable(r.target, r.strict)
	missing := errors.Is(err, fs.ErrNotExist)
	switch {
	case missing && wanted == mustExist:
		return fmt.Errorf("%w: it was removed", ErrChanged)
	case missing:
		return r.create(wanted)
	case err != nil:
		return err
	}
	if backup := Leftover(r.target); backup != "" {
		return &interruptedError{target: r.target, backup: backup}
	}
	if links(info) > 1 {
		return r.inPlace(info)
	}
	err = r.rename(info)
	if errors.Is(err, errInPlace) {
		return r.inPlace(info)
	}
	return err
}

// writable returns the state of the file at name if it may be written. To
// rename over a read-only file is possible, but against its owner's will.
func writable(name string, strict bool) (fs.FileInfo, error) {
	if _, err := trusted(name, strict); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(name, os.O_RDWR|noFollow|nonBlock, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := trustOpened(f, name, strict); err != nil {
		return nil, err
	}
	return f.Stat()
}

// errInPlace says that the target has to be overwritten where it is.
var errInPlace = errors.New("it cannot be replaced")

// cannotReplace reports whether err is a reason to overwrite a file that may
// be written where it is: its directory may not be written.
func cannotReplace(err error) bool {
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS)
}

// rename replaces the existing target, whose state is info.
func (r *replacement) rename(info fs.FileInfo) error {
	t, err := newTemp(r.target, 0o600)
	if cannotReplace(err) {
		return errInPlace
	}
	if err != nil {
		return err
	}
	defer t.discard()
	// Both while the file is still empty. A list of rights that was copied may
	// have widened the mode, so that it is narrowed once more.
	if err := errors.Join(keepOwner(t.file, info), keepAttributes(t.file, r.target)); err != nil {
		return errInPlace
	}
	if err := r.chmod(t.file, 0o600); err != nil {
		return errInPlace // the file system keeps no modes; the mode stays with the file
	}
	if err := fill(t.file, r.data); err != nil {
		return err
	}
	if err := r.verify(); err != nil {
		return err
	}
	return r.place(t, info.Mode())
}

// place renames the whole temporary file over the target. What is encrypted
// gets its mode before, so that nothing that reads the file is refused even
// for a moment; plaintext gets it afterwards, so that a kill in between leaves
// nothing that others can read.
func (r *replacement) place(t *temp, mode fs.FileMode) error {
	if !r.plaintext {
		if err := r.chmod(t.file, mode); err != nil {
			return errInPlace
		}
	}
	err := t.rename(r.target)
	if errors.Is(err, syscall.EBUSY) || errors.Is(err, syscall.EXDEV) || cannotReplace(err) {
		return errInPlace // a mount point, or another user's file in a sticky directory
	}
	if err != nil {
		return err
	}
	if r.plaintext {
		if err := t.chmod(r.target, mode); err != nil {
			return &writtenError{fmt.Errorf("its mode could not be made %04o, what it was before: %w", mode.Perm(), err)}
		}
	}
	return r.settle()
}

// settle makes a rename durable.
func (r *replacement) settle() error {
	if err := r.syncDir(filepath.Dir(r.target)); err != nil {
		return &writtenError{err}
	}
	return nil
}

// create makes a file where there was none.
func (r *replacement) create(wanted existence) error {
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
	if wanted == mustBeAbsent {
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
	return r.settle()
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
		return fmt.Errorf("its directory could not be brought to the disk, so that a crash of the machine may bring the old content back: %w", err)
	}
	return nil
}
