package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
)

// Above returns all configurations in a directory and above it, nearest first.
// Where directories are linked, those above the real one count as well.
func Above(dir string) []string {
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
	add(dir)
	if real, err := filepath.EvalSymlinks(dir); err == nil && real != dir {
		add(real)
	}
	return all
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
	r, err := f.RuleFor(file)
	switch {
	case errors.Is(err, ErrNoRules), errors.Is(err, ErrNoRule):
		return false, nil
	case err != nil:
		return false, err
	}
	return r.Integrity == "required", nil
}
