package atomicfile

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestFaultAfterTheRenameSaysWritten(t *testing.T) {
	t.Parallel()
	for _, existing := range []bool{true, false} {
		path := filepath.Join(t.TempDir(), "f")
		if existing {
			if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		r := replacement{
			target: path, data: []byte("new"), mode: 0o600,
			verify:  func() error { return nil },
			syncDir: func(string) error { return fmt.Errorf("its directory is not safe: %w", syscall.EIO) },
			chmod:   (*os.File).Chmod,
		}
		err := unwritten(path, r.run(mayExist))
		want := path + ": written, but its directory is not safe: input/output error"
		if err == nil || err.Error() != want || !IsWritten(err) {
			t.Errorf("got %v, want %s", err, want)
		}
		if b, err := os.ReadFile(path); err != nil || string(b) != "new" {
			t.Errorf("the file holds %q, %v", b, err)
		}
	}
}

// TestWhereModesCannotBeSetTheFileStays is about file systems that keep no modes,
// as those of memory cards and some network drives: a new file cannot get the
// mode of the old one, so the old one is overwritten.
func TestWhereModesCannotBeSetTheFileStays(t *testing.T) {
	t.Parallel()
	for _, plaintext := range []bool{true, false} {
		path := filepath.Join(t.TempDir(), "f")
		if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
			t.Fatal(err)
		}
		before, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		r := replacement{
			target: path, data: []byte("new"), mode: 0o600, plaintext: plaintext,
			verify: func() error { return nil }, syncDir: func(string) error { return nil },
			chmod: func(*os.File, fs.FileMode) error { return syscall.EPERM },
		}
		if err := r.run(mustExist); err != nil {
			t.Errorf("plaintext %v: %v", plaintext, err)
		}
		if b, err := os.ReadFile(path); err != nil || string(b) != "new" {
			t.Errorf("plaintext %v: the file holds %q, %v", plaintext, b, err)
		}
		if info, err := os.Stat(path); err != nil || !os.SameFile(info, before) || info.Mode() != before.Mode() {
			t.Errorf("plaintext %v: it is another file: %v", plaintext, err)
		}
		if entries, err := os.ReadDir(filepath.Dir(path)); err != nil || len(entries) != 1 {
			t.Errorf("plaintext %v: left %v, %v", plaintext, entries, err)
		}
	}
}

func refused(*os.File) (bool, error) { return false, syscall.ENOLCK }

func taken(*os.File) (bool, error) { return false, nil }

func TestWaitingForOneHolderHasADeadline(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := locker{try: taken, deadline: time.Millisecond}.lock(t.Context(), path, nil)
	var busy *LockError
	if !errors.As(err, &busy) || !strings.HasPrefix(err.Error(), path+": not written: another process has held the lock on it for") {
		t.Errorf("got %v", err)
	}
}

func TestWhereLocksAreRefusedAFileIsTheLock(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	l := locker{try: refused, deadline: time.Millisecond}
	unlock, err := l.lock(t.Context(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	file := lockName(path)
	_, err = l.lock(t.Context(), path, nil)
	var busy *LockError
	if !errors.As(err, &busy) || busy.Holder != fmt.Sprintf("process %d", os.Getpid()) {
		t.Errorf("the second lock gave %v", err)
	} else if hints := busy.Hints(); len(hints) != 1 || !strings.HasSuffix(hints[0], "rm "+file) {
		t.Errorf("hints %q", hints)
	}
	unlock()
	if _, err := os.Lstat(file); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the lock file is left: %v", err)
	}

	tests := map[string]struct {
		content string
		free    bool
	}{
		"a dead process":            {fmt.Sprintf("%d %s\n", 1<<30, machine()), true},
		"a process of long ago":     {fmt.Sprintf("%d %s\n", 1<<30, "elsewhere"), false},
		"a live process":            {fmt.Sprintf("%d %s\n", os.Getpid(), machine()), false},
		"a process about to say so": {"", false},
		"foreign":                   {"hello", false},
	}
	for name, test := range tests {
		if err := os.WriteFile(file, []byte(test.content), 0o600); err != nil {
			t.Fatal(err)
		}
		unlock, err := l.lock(t.Context(), path, nil)
		if free := err == nil; free != test.free {
			t.Errorf("the lock of %s: free %v, want %v (%v)", name, free, test.free, err)
		}
		if err == nil {
			unlock()
		}
	}
}

func TestEightWritersUnderALockFileLoseNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	l := locker{try: refused, deadline: time.Minute}
	ended := make(chan error)
	for range 8 {
		go func() {
			ended <- func() error {
				for range 5 {
					unlock, err := l.lock(context.Background(), path, nil)
					if err != nil {
						return err
					}
					f, err := Read(context.Background(), path)
					if err == nil {
						err = f.Write(append(f.Data[:len(f.Data):len(f.Data)], '.'), nil)
					}
					unlock()
					if err != nil {
						return err
					}
				}
				return nil
			}()
		}()
	}
	for range 8 {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	if got, _ := os.ReadFile(path); len(got) != 40 {
		t.Errorf("40 writes left %q", got)
	}
}
