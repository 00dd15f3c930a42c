//go:build unix

package editor_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/seed-1f7fdfb8/sops/internal/editor"
)

func file(t *testing.T, path, content string, fifo bool) *editor.Session {
	t.Helper()
	s, err := editor.NewFile(path, []byte(content), fifo, editor.Places{Temp: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestFileOfAnotherProgramHoldsTheContentUntilItIsClosed(t *testing.T) {
	t.Parallel()
	large := string(bytes.Repeat([]byte("secret\n"), 100_000))
	for _, path := range []string{"f", ".app/deep/config.json"} {
		for _, content := range []string{"", "secret", large} {
			for _, fifo := range []bool{false, true} {
				s := file(t, path, content, fifo)
				info, err := os.Lstat(s.Path())
				if err != nil {
					t.Fatal(err)
				}
				want := fs.FileMode(0o600)
				if fifo {
					want |= fs.ModeNamedPipe
				}
				if info.Mode() != want {
					t.Errorf("%s, FIFO %v: mode %v, want %v", path, fifo, info.Mode(), want)
				}
				if got, err := os.ReadFile(s.Path()); err != nil || string(got) != content {
					t.Errorf("%s, FIFO %v: got %d bytes, %v; want %d", path, fifo, len(got), err, len(content))
				}
				closeAll(t, s)
			}
		}
	}
}

// closeAll closes s and checks that nothing is left of it.
func closeAll(t *testing.T, s *editor.Session) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(filepath.Dir(s.Path())); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", s.Path(), err)
	}
}

// Close must end whatever the other program did to the FIFO.
func TestFIFOIsClosedWithoutAReader(t *testing.T) {
	t.Parallel()
	large := string(bytes.Repeat([]byte("x"), 1_000_000))
	for name, do := range map[string]func(path string) error{
		"nothing": func(string) error { return nil },
		"removed": os.Remove,
		"moved":   func(p string) error { return os.Rename(p, p+".old") },
		"a file":  func(p string) error { return os.WriteFile(p+".new", nil, 0o600) },
		"replaced": func(p string) error {
			return renameOver(p, func(q string) error { return os.WriteFile(q, nil, 0o600) })
		},
		"a link":     func(p string) error { return renameOver(p, func(q string) error { return os.Symlink("/dev/null", q) }) },
		"half read":  halfRead,
		"unreadable": func(p string) error { return os.Chmod(p, 0) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := file(t, "f", large, true)
			if err := do(s.Path()); err != nil {
				t.Fatal(err)
			}
			closeAll(t, s)
		})
	}
}

func renameOver(path string, create func(string) error) error {
	if err := create(path + ".new"); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

func halfRead(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.Read(make([]byte, 10))
	return err
}

func TestFileOfAnotherProgramStaysInItsDirectory(t *testing.T) {
	t.Parallel()
	temp := t.TempDir()
	for _, path := range []string{"", ".", "..", "../f", "/f", "a/../../f"} {
		for _, fifo := range []bool{false, true} {
			if s, err := editor.NewFile(path, nil, fifo, editor.Places{Temp: temp}); err == nil {
				t.Errorf("%q was made at %s", path, s.Path())
			}
		}
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

func TestFileOfAKilledProcessIsCleaned(t *testing.T) {
	t.Parallel()
	temp := t.TempDir()
	stale := filepath.Join(temp, "sops-exec-1")
	if err := os.Mkdir(stale, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(stale, "f"), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	mine, err := editor.NewFile("f", []byte("mine"), false, editor.Places{Temp: temp})
	if err != nil {
		t.Fatal(err)
	}
	defer mine.Close()
	if err := editor.CleanStale(editor.Places{Temp: temp}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(stale); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", stale, err)
	}
	if got, err := os.ReadFile(mine.Path()); err != nil || string(got) != "mine" {
		t.Errorf("the file of a living process: %q, %v", got, err)
	}
}
