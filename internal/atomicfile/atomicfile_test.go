package atomicfile_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-1f7fdfb8/sops/internal/atomicfile"
)

// file makes a file of mode 0640 and returns its path.
func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "prod.yaml")
	if err := os.WriteFile(path, []byte(content), 0o640); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t *testing.T, path string) *atomicfile.File {
	t.Helper()
	f, err := atomicfile.Read(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// holds fails the test unless path has the content.
func holds(t *testing.T, path, want string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s holds %q, want %q", filepath.Base(path), got, want)
	}
}

func TestWriteReplacesContentAndKeepsMode(t *testing.T) {
	t.Parallel()
	for _, mode := range []fs.FileMode{0o600, 0o640, 0o644, 0o755, 0o660} {
		path := file(t, "old")
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		f := read(t, path)
		if string(f.Data) != "old" {
			t.Errorf("Read gave %q", f.Data)
		}
		for _, content := range []string{"a longer new content", "", "x"} {
			if err := f.Write([]byte(content), nil); err != nil {
				t.Fatal(err)
			}
			holds(t, path, content)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != mode {
			t.Errorf("mode %v became %v", mode, info.Mode())
		}
		if diff := cmp.Diff([]string{"prod.yaml"}, names(t, filepath.Dir(path))); diff != "" {
			t.Errorf("files (-want +got):\n%s", diff)
		}
	}
}

func TestLargeContentSurvivesTheReadBack(t *testing.T) {
	t.Parallel()
	path := file(t, "old")
	for _, size := range []int{1<<20 - 1, 1 << 20, 1<<20 + 1, 3<<20 + 5} {
		want := bytes.Repeat([]byte{'x'}, size)
		if err := read(t, path).Write(want, nil); err != nil {
			t.Fatal(err)
		}
		if got := read(t, path).Data; !bytes.Equal(got, want) {
			t.Errorf("%d bytes came back as %d", size, len(got))
		}
	}
}

func TestRefusedContentTouchesNothing(t *testing.T) {
	t.Parallel()
	path := file(t, "old")
	refusal := errors.New("no")
	err := read(t, path).Write([]byte("new"), func(b []byte) error {
		if string(b) != "new" {
			t.Errorf("check was given %q", b)
		}
		return refusal
	})
	if err != refusal {
		t.Errorf("error %v, want that of the check", err)
	}
	holds(t, path, "old")
}

func TestChangesOfOthersAreNotOverwritten(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		meanwhile func(path string) error
		want      string // content afterwards, if any
	}{
		"rewritten":        {func(p string) error { return os.WriteFile(p, []byte("her"), 0o600) }, "her"},
		"same length":      {func(p string) error { return os.WriteFile(p, []byte("OLD"), 0o600) }, "OLD"},
		"replaced":         {func(p string) error { return atomicfile.Create(context.Background(), p, []byte("hers"), 0o600) }, "hers"},
		"removed":          {os.Remove, ""},
		"appended to":      {func(p string) error { return os.WriteFile(p, []byte("old+"), 0o600) }, "old+"},
		"replaced by link": {replaceByLink, "elsewhere"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := file(t, "old")
			f := read(t, path)
			if err := test.meanwhile(path); err != nil {
				t.Fatal(err)
			}
			before := names(t, filepath.Dir(path))
			err := f.Write([]byte("new"), nil)
			if !errors.Is(err, atomicfile.ErrChanged) {
				t.Fatalf("error %v, want ErrChanged", err)
			}
			if test.want != "" {
				holds(t, path, test.want)
			}
			if diff := cmp.Diff(before, names(t, filepath.Dir(path))); diff != "" {
				t.Errorf("files (-before +after):\n%s", diff)
			}
		})
	}
}

func replaceByLink(path string) error {
	other := path + ".other"
	return errors.Join(os.WriteFile(other, []byte("elsewhere"), 0o600), os.Remove(path), os.Symlink(other, path))
}

func TestContentThatCameBackIsNoChange(t *testing.T) {
	t.Parallel()
	path := file(t, "old")
	f := read(t, path)
	for _, content := range []string{"meanwhile", "old"} {
		if err := atomicfile.Create(context.Background(), path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Write([]byte("new"), nil); err != nil {
		t.Fatal(err)
	}
	holds(t, path, "new")
}

func TestAbsentFilesAreCreatedOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "new.yaml")
	mine, hers := atomicfile.Absent(path, 0o600), atomicfile.Absent(path, 0o600)
	if err := hers.Write([]byte("hers"), nil); err != nil {
		t.Fatal(err)
	}
	if err := mine.Write([]byte("mine"), nil); !errors.Is(err, atomicfile.ErrChanged) {
		t.Errorf("the second creation gave %v, want ErrChanged", err)
	}
	holds(t, path, "hers")
	if err := hers.Write([]byte("hers again"), nil); err != nil {
		t.Fatal(err)
	}
	holds(t, path, "hers again")
	if diff := cmp.Diff([]string{"new.yaml"}, names(t, filepath.Dir(path))); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestErrorsNameTheFileOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, missing := atomicfile.Read(context.Background(), filepath.Join(dir, "none"))
	_, directory := atomicfile.Read(context.Background(), dir)
	tests := map[string]struct {
		err   error
		want  string
		write bool
	}{
		"missing":        {missing, filepath.Join(dir, "none") + ": no such file or directory", false},
		"directory":      {directory, dir + ": is a directory", false},
		"write to one":   {atomicfile.Create(context.Background(), dir, nil, 0o600), dir + ": not written: is a directory", true},
		"no directory":   {atomicfile.Create(context.Background(), filepath.Join(dir, "a", "b"), nil, 0o600), filepath.Join(dir, "a", "b") + ": not written: no such file or directory", true},
		"device is read": {read(t, os.DevNull).Write(nil, nil), os.DevNull + ": not written: it is not a regular file", true},
	}
	for name, test := range tests {
		if test.err == nil || test.err.Error() != test.want {
			t.Errorf("%s: got %q, want %q", name, test.err, test.want)
			continue
		}
		var e *atomicfile.Error
		if !errors.As(test.err, &e) || e.Write != test.write {
			t.Errorf("%s: %v is not an error of a write: %v", name, test.err, test.write)
		}
	}
}
