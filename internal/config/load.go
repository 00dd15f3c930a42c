package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// maxSize is far more than any configuration has.
const maxSize = 1 << 20

// Load reads the configuration at path. Where its content is at fault the error
// is an *Error, or several of them joined.
func Load(path string) (*File, error) {
	src, err := readBounded(path)
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	return Parse(abs, src)
}

// errNoFile is in the chain of the error for what is no file of a reasonable
// size. Such a configuration is never an accident.
var errNoFile = errors.New("not a configuration")

// readBounded reads a file, but neither a device nor a pipe, of which only a link
// knows where they lead: whoever puts one into a directory would hold up all who
// work there. What the user names by its descriptor is meant.
func readBounded(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() && !info.IsDir() && !strings.HasPrefix(path, "/dev/fd/") && !isNull(info) {
		return nil, fmt.Errorf("%s is a device or a pipe, %w", path, errNoFile)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	src, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err == nil && len(src) > maxSize {
		err = fmt.Errorf("%s is larger than %d KiB, %w", path, maxSize>>10, errNoFile)
	}
	if err != nil {
		return nil, err
	}
	return src, nil
}

// isNull reports whether info is that of the device that stands for an empty
// configuration.
func isNull(info os.FileInfo) bool {
	null, err := os.Stat(os.DevNull)
	return err == nil && os.SameFile(info, null)
}
