package editor

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// execPrefix begins the name of the directory of a file for another program.
const execPrefix = "sops-exec-"

// NewFile makes a private directory and in it, at the given relative path, a
// file that another program can read. As a FIFO, where the system has them, it
// gives the content to one reader, once, and no file system holds any of it.
func NewFile(path string, content []byte, fifo bool, p Places) (*Session, error) {
	if !filepath.IsLocal(path) || filepath.Clean(path) == "." {
		return nil, fmt.Errorf("%q is not the name of a file", path)
	}
	return p.first(func(parent string) (*Session, error) {
		s, err := newDirectory(parent, execPrefix)
		if err != nil {
			return nil, err
		}
		s.path = filepath.Join(s.dir, path)
		if err := s.fill(content, fifo && hasFIFO); err != nil {
			return nil, errors.Join(err, s.Close())
		}
		return s, nil
	})
}

// fill makes the file of an empty session.
func (s *Session) fill(content []byte, fifo bool) (err error) {
	if err := os.MkdirAll(filepath.Dir(s.path), 0o700); err != nil {
		return err
	}
	if !fifo {
		return writeNew(s.path, content)
	}
	s.feeder, err = feed(s.path, content)
	return err
}

// NewTree makes a private directory with files of these contents in it, by their
// relative paths. The path of the session is that of the directory.
func NewTree(contents map[string][]byte, p Places) (*Session, error) {
	return p.first(func(parent string) (*Session, error) {
		s, err := newDirectory(parent, execPrefix)
		if err != nil {
			return nil, err
		}
		for path, content := range contents {
			if !filepath.IsLocal(path) {
				err = fmt.Errorf("%q is not the name of a file", path)
			} else {
				s.path = filepath.Join(s.dir, path)
				err = s.fill(content, false)
			}
			if err != nil {
				return nil, errors.Join(err, s.Close())
			}
		}
		s.path = s.dir
		return s, nil
	})
}
