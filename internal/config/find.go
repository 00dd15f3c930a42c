package config

import (
	"os"
	"path/filepath"
)

const (
	// Name is the name of the configuration file.
	Name = ".sops.yaml"
	// wrongName is what people call it who expect it to be found.
	wrongName = ".sops.yml"
	// maxLevels is how many directories are searched, the first included.
	maxLevels = 100
)

// Find returns the configuration that governs the files of fileDir: the
// nearest .sops.yaml from there upward or, if there is none, from workDir
// upward. An empty directory is not searched. The path is "" if there is none.
// The warning is about a .sops.yml, which nothing reads.
func Find(fileDir, workDir string) (path string, warnings []string, err error) {
	for _, dir := range []string{fileDir, workDir} {
		if dir == "" {
			continue
		}
		if dir, err = filepath.Abs(dir); err != nil {
			return "", warnings, err
		}
		found, wrong := upward(dir)
		if wrong != "" && len(warnings) == 0 {
			warnings = append(warnings, wrong+" is not read: rename it to "+Name)
		}
		if found != "" {
			return found, warnings, nil
		}
	}
	return "", warnings, nil
}

// upward returns the nearest configuration, and the nearest file on the way to
// it whose name is nearly right.
func upward(dir string) (found, wrong string) {
	for range maxLevels {
		if p := filepath.Join(dir, wrongName); wrong == "" && exists(p) {
			wrong = p
		}
		if p := filepath.Join(dir, Name); exists(p) {
			return p, wrong
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			break
		}
		dir = parent
	}
	return "", wrong
}

// exists reports whether something is at path; a dangling link does, and
// reading it then says what is wrong.
func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
