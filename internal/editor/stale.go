package editor

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// CleanStale removes what sessions of this user have left whose processes
// died. Those that live hold a claim on their directory, which ends with the
// process, and are left alone.
func CleanStale(p Places) error {
	var failures []error
	for _, parent := range p.directories() {
		entries, err := os.ReadDir(parent)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			failures = append(failures, err)
		}
		for _, e := range entries {
			if !e.IsDir() || !strings.HasPrefix(e.Name(), prefix) && !strings.HasPrefix(e.Name(), execPrefix) {
				continue
			}
			failures = append(failures, cleanOne(filepath.Join(parent, e.Name())))
		}
	}
	return errors.Join(failures...)
}

// cleanOne removes dir if it is the user's own and no process claims it.
func cleanOne(dir string) error {
	info, err := os.Lstat(dir)
	if err != nil || !info.IsDir() || !ours(info) {
		return nil // it has vanished, or is not what it seems
	}
	c, ok, err := claim(dir)
	if !ok || err != nil {
		return nil
	}
	defer c.Close()
	return removeAll(dir)
}
