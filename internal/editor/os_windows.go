package editor

import (
	"errors"
	"io"
	"io/fs"
	"os"

	"golang.org/x/sys/windows"
)

// claim opens a file beside dir that no other process can open meanwhile and that
// vanishes with its handle, also when the process dies.
func claim(dir string) (c io.Closer, ok bool, err error) {
	name := dir + ".claim"
	wide, err := windows.UTF16PtrFromString(name)
	if err != nil {
		return nil, false, err
	}
	h, err := windows.CreateFile(wide, windows.GENERIC_WRITE, 0, nil, windows.OPEN_ALWAYS,
		windows.FILE_ATTRIBUTE_HIDDEN|windows.FILE_FLAG_DELETE_ON_CLOSE, 0)
	if errors.Is(err, windows.ERROR_SHARING_VIOLATION) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	f := os.NewFile(uintptr(h), name)
	if _, err := os.Lstat(dir); err != nil {
		f.Close()
		return nil, false, nil
	}
	return f, true, nil
}

// ours is true: the directory for temporary files is the user's own.
func ours(fs.FileInfo) bool { return true }

// terminate kills: there is no gentler signal.
func terminate(p *os.Process) error { return p.Kill() }

// withoutCore does nothing: a crash leaves no file here unless the machine is
// set up for it.
func withoutCore() (restore func()) { return func() {} }
