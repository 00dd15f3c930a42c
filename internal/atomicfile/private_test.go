package atomicfile_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-1f7fdfb8/sops/internal/atomicfile"
)

// write writes by one of the ways that the commands have.
func write(t *testing.T, way, path, content string) {
	t.Helper()
	var err error
	switch way {
	case "encrypted":
		err = read(t, path).Write([]byte(content), nil)
	case "plaintext":
		err = read(t, path).WritePlaintext([]byte(content))
	case "create":
		err = atomicfile.Create(context.Background(), path, []byte(content), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// temporary returns the mode of each temporary file of path.
func temporary(t *testing.T, path string) (modes []fs.FileMode) {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".*sops-tmp*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range all {
		info, err := os.Stat(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		modes = append(modes, info.Mode())
	}
	return modes
}

// The mode of the file is no mode for plaintext that has another name.
func TestPlaintextIsPrivateUntilItIsInPlace(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Log("there are no modes here: nothing was tried")
		return
	}
	for _, mode := range []fs.FileMode{0o644, 0o666, 0o755, 0o640} {
		path := filepath.Join(t.TempDir(), "f")
		if err := errors.Join(os.WriteFile(path, version(0), 0o600), os.Chmod(path, mode)); err != nil {
			t.Fatal(err)
		}
		stop, seen := make(chan struct{}), make(chan fs.FileMode)
		go func() { // every mode that a temporary file has at any time
			var all fs.FileMode
			for {
				for _, m := range temporary(t, path) {
					all |= m
				}
				select {
				case <-stop:
					seen <- all
					return
				default:
				}
			}
		}()
		for n := range 60 {
			if err := read(t, path).WritePlaintext(version(n % 9)); err != nil {
				t.Fatal(err)
			}
		}
		close(stop)
		if all := <-seen; all&^0o600 != 0 {
			t.Errorf("a temporary file of one with mode %v had a mode of %v", mode, all)
		}
		if info, err := os.Stat(path); err != nil || info.Mode() != mode {
			t.Errorf("mode %v became %v, %v", mode, info.Mode(), err)
		}
	}
}

func TestLeftoversOfDeadProcessesAreRemovedByName(t *testing.T) {
	t.Parallel()
	path := file(t, "old")
	dir := filepath.Dir(path)
	var want []string
	for _, i := range []int{0, 3, 15} {
		name := filepath.Join(dir, fmt.Sprintf(".prod.yaml.sops-tmp%d", i))
		if err := os.WriteFile(name, []byte("plaintext"), 0o600); err != nil {
			t.Fatal(err)
		}
		want = append(want, name)
	}
	// Names that are no leftovers of this file.
	for _, name := range []string{".prod.yaml.sops-tmp16", ".prod.yml.sops-tmp0", ".prod.yaml.sops-tmpX"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, ".prod.yaml.sops-tmp7"), 0o700); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, atomicfile.Clean(path, false)); diff != "" {
		t.Errorf("removed (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{".prod.yaml.sops-tmp16", ".prod.yaml.sops-tmp7", ".prod.yaml.sops-tmpX", ".prod.yml.sops-tmp0", "prod.yaml"}, names(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if got := atomicfile.Clean(filepath.Join(dir, "absent"), false); got != nil {
		t.Errorf("beside nothing %q was removed", got)
	}
}

func TestReadingIsBounded(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	small, large := filepath.Join(dir, "small"), filepath.Join(dir, "large")
	if err := errors.Join(os.WriteFile(small, []byte("12345"), 0o600), os.WriteFile(large, []byte("123456"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if b, err := atomicfile.ReadAtMost(small, 5); err != nil || string(b) != "12345" {
		t.Errorf("got %q, %v", b, err)
	}
	if b, err := atomicfile.ReadAtMost(os.DevNull, 5); err != nil || len(b) > 0 {
		t.Errorf("%s gave %q, %v", os.DevNull, b, err)
	}
	tests := map[string]string{
		large:                        large + ": it is larger than 5 bytes",
		dir:                          dir + ": is a directory",
		filepath.Join(dir, "absent"): filepath.Join(dir, "absent") + ": no such file or directory",
	}
	for path, want := range tests {
		if _, err := atomicfile.ReadAtMost(path, 5); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", path, err, want)
		}
	}
}

// A file that vanishes and comes back between the two looks of a write must not
// be replaced by one that no other user may read.
func TestRemovedFileIsNotMadeAnew(t *testing.T) {
	t.Parallel()
	path := file(t, "old")
	f := read(t, path)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := f.Write([]byte("new"), nil); !errors.Is(err, atomicfile.ErrChanged) {
		t.Errorf("got %v, want ErrChanged", err)
	}
	if got := names(t, filepath.Dir(path)); len(got) > 0 {
		t.Errorf("files: %q", got)
	}
}
