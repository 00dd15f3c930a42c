package atomicfile_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-1f7fdfb8/sops/internal/atomicfile"
)

func TestEightConcurrentWritersLoseNothing(t *testing.T) {
	t.Parallel()
	const writers, times = 8, 10
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var want []string
	ended := make(chan error, writers)
	for w := range writers {
		cmd := child(t, "append", path, fmt.Sprint(w), fmt.Sprint(times))
		cmd.Stderr = os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		go func() { ended <- cmd.Wait() }()
		for i := range times {
			want = append(want, fmt.Sprintf("%d.%d", w, i))
		}
	}
	for range writers {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Fields(string(content))
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"f"}, names(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestGoroutinesOfOneProcessExcludeEachOther(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	for range 8 {
		go func() { ended <- underLock(path, func(old []byte) []byte { return append(old, '.') }) }()
	}
	for range 8 {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	if got, _ := os.ReadFile(path); string(got) != "........" {
		t.Errorf("8 writers left %q", got)
	}
}

func TestLockEndsWithItsProcess(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	holder := child(t, "lock", path)
	if _, err := holder.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}

	ctx, cancel := context.WithCancelCause(t.Context())
	var reported []string
	_, err = atomicfile.Lock(ctx, path, func(who string) {
		reported = append(reported, who)
		cancel(errors.New("enough"))
	})
	var busy *atomicfile.LockError
	if !errors.As(err, &busy) {
		t.Fatalf("a taken lock gave %v", err)
	}
	if diff := cmp.Diff([]string{busy.Holder}, reported); diff != "" {
		t.Errorf("who holds it (-in the error +reported):\n%s", diff)
	}
	if who := fmt.Sprintf("process %d", holder.Process.Pid); busy.Holder != who && busy.Holder != "another process" {
		t.Errorf("the holder is %q, want %q", busy.Holder, who)
	}
	if want := path + ": waited for " + busy.Holder + ", which is writing it: enough"; err.Error() != want {
		t.Errorf("error %q, want %q", err, want)
	}

	if err := holder.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	unlock, err := atomicfile.Lock(ctx, path, nil)
	if err != nil {
		t.Fatalf("after the death of the holder: %v", err)
	}
	unlock()
	unlock() // harmless
	_ = holder.Wait()
}

func TestLockOfNothingSaysSo(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "f")
	if _, err := atomicfile.Lock(t.Context(), path, nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Lock of a missing file: %v", err)
	}
	unlock, err := atomicfile.Lock(t.Context(), os.DevNull, nil)
	if err != nil {
		t.Fatalf("a device needs no lock: %v", err)
	}
	unlock()
}
