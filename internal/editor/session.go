package editor

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// prefix begins the name of every session's directory.
const prefix = "sops-edit-"

// Places says where a session may live.
type Places struct {
	Runtime string // $XDG_RUNTIME_DIR; used if it is a memory file system
	Temp    string // the directory for temporary files; "" is the system's
}

// directories returns the places in the order of preference: memory first.
func (p Places) directories() []string {
	var all []string
	for _, dir := range []string{p.Runtime, "/dev/shm"} {
		if dir != "" && inMemory(dir) {
			all = append(all, dir)
		}
	}
	if p.Temp == "" {
		p.Temp = os.TempDir()
	}
	return append(all, p.Temp)
}

// A Session is one secret text in a private directory.
type Session struct {
	dir, path string
	memory    bool
	claim     io.Closer // shows CleanStale that this process lives
	feeder    *feeder   // of a FIFO; nil for a file
}

// NewSession makes a private directory and in it a file of the given name that
// only the user can read.
func NewSession(name string, content []byte, p Places) (*Session, error) {
	if name != filepath.Base(name) || name == "." || name == ".." || name == string(filepath.Separator) {
		return nil, fmt.Errorf("%q is not the name of a file", name)
	}
	return p.first(func(parent string) (*Session, error) {
		s, err := newDirectory(parent, prefix)
		if err != nil {
			return nil, err
		}
		s.path = filepath.Join(s.dir, name)
		if err := writeNew(s.path, content); err != nil {
			return nil, errors.Join(err, s.Close())
		}
		return s, nil
	})
}

// first makes a session in the first place where that works.
func (p Places) first(begin func(parent string) (*Session, error)) (*Session, error) {
	var failures []error
	for _, dir := range p.directories() {
		s, err := begin(dir)
		if err == nil {
			return s, nil
		}
		failures = append(failures, err)
	}
	return nil, &PlaceError{Err: errors.Join(failures...)}
}

// newDirectory makes a session that holds nothing yet.
func newDirectory(parent, prefix string) (*Session, error) {
	dir, claim, err := claimed(parent, prefix)
	if err != nil {
		return nil, err
	}
	return &Session{dir: dir, memory: inMemory(dir), claim: claim}, nil
}

// claimed makes a directory and claims it. In the moment between the two
// another process may take it for stale; then the next one will do.
func claimed(parent, prefix string) (string, io.Closer, error) {
	for range 10 {
		dir, err := os.MkdirTemp(parent, prefix)
		if err != nil {
			return "", nil, err
		}
		c, ok, err := claim(dir)
		if ok {
			return dir, c, nil
		}
		if err != nil {
			return "", nil, errors.Join(err, os.RemoveAll(dir))
		}
	}
	return "", nil, fmt.Errorf("%s: another process removes every new directory", parent)
}

func writeNew(path string, content []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Close())
}

// A PlaceError says why the text could be put nowhere.
type PlaceError struct{ Err error }

func (e *PlaceError) Error() string {
	return "no place for the decrypted text: " + strings.ReplaceAll(e.Err.Error(), "\n", "; ")
}

// Unwrap returns the reasons.
func (e *PlaceError) Unwrap() error { return e.Err }

// Hints says how to name another place.
func (e *PlaceError) Hints() []string {
	return []string{"set TMPDIR to a directory that you can write"}
}

// Path returns the path of the file.
func (s *Session) Path() string { return s.path }

// InMemory reports whether the text is on a memory file system, and so on
// no disk.
func (s *Session) InMemory() bool { return s.memory }

// Read returns the text as the editor left it.
func (s *Session) Read() ([]byte, error) {
	b, err := os.ReadFile(s.path)
	if err != nil {
		return nil, &LostError{Err: err}
	}
	return b, nil
}

// A LostError says that the edited file cannot be read any more.
type LostError struct{ Err error }

func (e *LostError) Error() string { return "the edited text is gone: " + e.Err.Error() }

// Unwrap returns the reason.
func (e *LostError) Unwrap() error { return e.Err }

// Close removes the directory and all that is in it. It can be called again.
func (s *Session) Close() error {
	if s.dir == "" {
		return nil
	}
	if s.feeder != nil {
		s.feeder.stop()
		s.feeder = nil
	}
	err := removeAll(s.dir)
	if err == nil {
		s.dir = ""
		s.claim.Close()
	}
	return err
}

// removeAll removes dir, also where an editor left directories in it that may
// not be written.
func removeAll(dir string) error {
	if os.RemoveAll(dir) == nil {
		return nil
	}
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if d != nil && d.IsDir() {
			_ = os.Chmod(path, 0o700)
		}
		return nil
	})
	return os.RemoveAll(dir)
}
