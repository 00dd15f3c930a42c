package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
)

// Above returns all configurations in the directory of a file and above it,
// nearest first. Where the file or directories are linked, those above the real
// file count as well.
func Above(file string) []string {
	var all []string
	add := func(dir string) {
		for range maxLevels {
			if p := filepath.Join(dir, Name); exists(p) {
				all = append(all, p)
			}
			parent := filepath.Dir(dir)
			if parent == dir {
				return
			}
			dir = parent
		}
	}
	for _, name := range namesOf(file) {
		add(filepath.Dir(name))
	}
	return all
}

// namesOf returns the name of a file and, where that leads through links, the name
// of what it leads to. A file that does not exist yet has a directory.
func namesOf(file string) []string {
	real, err := filepath.EvalSymlinks(file)
	if err != nil {
		dir, err := filepath.EvalSymlinks(filepath.Dir(file))
		if err != nil {
			return []string{file}
		}
		real = filepath.Join(dir, filepath.Base(file))
	}
	if real == file {
		return []string{file}
	}
	return []string{file, real}
}

// RequiresIntegrity reports whether the configuration at path has a rule for
// file that says "integrity: required". The error says that it cannot be known:
// the configuration cannot be read, and speaks of integrity as far as it can be.
func RequiresIntegrity(path, file string) (bool, error) {
	src, err := readBounded(path)
	switch {
	case errors.Is(err, errNoFile):
		return false, fmt.Errorf("configuration: %w", err)
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission):
		return false, nil // it might as well not be there
	case err != nil:
		return false, fmt.Errorf("configuration: %w", err)
	case !bytes.Contains(bytes.ToLower(src), []byte("integrity")):
		return false, nil
	}
	f, err := Parse(path, src)
	if err != nil {
		return false, err
	}
	for _, name := range namesOf(file) {
		r, err := f.RuleFor(name)
		switch {
		case errors.Is(err, ErrNoRules), errors.Is(err, ErrNoRule):
		case err != nil:
			return false, err
		case r.Integrity == integrityRequired:
			return true, nil
		}
	}
	return false, nil
}
