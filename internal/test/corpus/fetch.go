package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// fetch brings a package into dir with the ordinary client of its registry and
// returns its root.
func fetch(s source, dir string) (string, error) {
	switch s.ecosystem {
	case "go":
		return fetchGo(s, dir)
	case "npm":
		return fetchNPM(s, dir)
	case "debian":
		return fetchDebian(s, dir)
	}
	return "", fmt.Errorf("no ecosystem is called %q", s.ecosystem)
}

func fetchGo(s source, dir string) (string, error) {
	// A cache of its own, writable so that it can be removed.
	out, err := tool(dir, []string{"GOMODCACHE=" + dir, "GOFLAGS=-modcacherw", "GOWORK=off"}, "go", "mod", "download", "-json", s.name+"@"+s.version)
	if err != nil {
		return "", err
	}
	var module struct{ Dir string }
	return module.Dir, json.Unmarshal(out, &module)
}

func fetchNPM(s source, dir string) (string, error) {
	out, err := tool(dir, nil, "npm", "pack", "--silent", "--ignore-scripts", s.name+"@"+s.version)
	if err != nil {
		return "", err
	}
	archive := strings.TrimSpace(string(out))
	root := filepath.Join(dir, "root")
	if err := os.Mkdir(root, 0o700); err != nil {
		return "", err
	}
	_, err = tool(dir, nil, "tar", "-xzf", archive, "-C", root, "--no-same-permissions")
	return root, err
}

// fetchDebian takes the current version where that of the list is gone, as it is
// from the archive after each update: most files in it are the same, and each is
// held to its checksum.
func fetchDebian(s source, dir string) (string, error) {
	if _, err := tool(dir, nil, "apt-get", "-q", "download", s.name+"="+s.version); err != nil {
		if _, other := tool(dir, nil, "apt-get", "-q", "download", s.name); other != nil {
			return "", err
		}
	}
	archives, err := filepath.Glob(filepath.Join(dir, "*.deb"))
	if err != nil || len(archives) != 1 {
		return "", fmt.Errorf("%d archives came, want one", len(archives))
	}
	root := filepath.Join(dir, "root")
	_, err = tool(dir, nil, "dpkg-deb", "-x", archives[0], root)
	return root, err
}

// tool runs a program in dir and returns what it prints.
func tool(dir string, env []string, name string, args ...string) ([]byte, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %s", name, err, lastLine(stderr.Bytes(), out))
	}
	return out, nil
}

func lastLine(outputs ...[]byte) string {
	for _, b := range outputs {
		lines := strings.Split(strings.TrimSpace(string(b)), "\n")
		if last := lines[len(lines)-1]; last != "" {
			return last
		}
	}
	return "no reason given"
}
