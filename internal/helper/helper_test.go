//go:build linux

package helper

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// await returns the number in a file that another process writes.
func await(t *testing.T, file string) int {
	t.Helper()
	for range 1000 {
		text, err := os.ReadFile(file)
		if pid, bad := strconv.Atoi(strings.TrimSpace(string(text))); err == nil && bad == nil {
			return pid
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%s does not come", file)
	return 0
}

// gone waits until a process has ended.
func gone(t *testing.T, pid int) {
	t.Helper()
	for range 500 {
		if !slices.Contains(all(), pid) || zombie(pid) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("process %d still runs", pid)
}

// zombie reports whether a process has ended and only its parent has not asked
// yet, which in containers may be forever.
func zombie(pid int) bool {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err != nil || strings.Contains(string(text), ") Z ")
}

func TestAProgramEndsWithAllThatItHasStarted(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]string{
		"child":                  `sleep 1000 & echo $! >$0; wait`,
		"grandchild":             `sh -c 'sleep 1000 & echo $! >$0; wait' $0; true`,
		"child that stays":       `(sleep 1000 & echo $! >$0.new; mv $0.new $0); sleep 1000`,
		"deaf to being asked so": `trap '' TERM; sh -c 'trap "" TERM; echo $$ >$0; while :; do sleep 1000; done' $0; true`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "pid")
			ctx, cancel := context.WithCancelCause(t.Context())
			gaveUp := errors.New("given up")
			go func() {
				await(t, file)
				cancel(gaveUp)
			}()
			if _, err := Output(ctx, Program{Argv: []string{"sh", "-c", script, file}}); !errors.Is(err, gaveUp) {
				t.Errorf("error %v", err)
			}
			gone(t, await(t, file))
		})
	}
}

func TestAProgramThatPrintsWithoutEndIsEnded(t *testing.T) {
	t.Parallel()
	out, err := Output(t.Context(), Program{Argv: []string{"sh", "-c", "yes"}})
	if !errors.Is(err, ErrTooMuch) || out != nil {
		t.Errorf("%d bytes, %v", len(out), err)
	}
}

func TestWhatAProgramPrintsIsReturned(t *testing.T) {
	t.Parallel()
	var complaints strings.Builder
	out, err := Output(t.Context(), Program{
		Argv: []string{"sh", "-c", "cat; echo $A; echo why >&2; exit 3"}, Env: []string{"A=b"},
		Stdin: strings.NewReader("in,"), Stderr: &complaints,
	})
	var status interface{ ExitCode() int }
	if string(out) != "in,b\n" || complaints.String() != "why\n" || !errors.As(err, &status) || status.ExitCode() != 3 {
		t.Errorf("%q, %q, %v", out, complaints.String(), err)
	}
}

func TestDescendantsAreFound(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pid")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = Output(ctx, Program{Argv: []string{"sh", "-c", `sh -c 'sleep 1000 & echo $! >$0; wait' $0; true`, file}})
	}()
	pid := await(t, file)
	mine := children(func(line string) bool { return strings.Contains(line, file) })
	if len(mine) != 1 || !slices.Contains(descendants(mine[0]), pid) {
		t.Errorf("children %v, sleep %d", mine, pid)
	}
	EndChildren(func(line string) bool { return strings.Contains(line, file) })
	gone(t, pid)
	<-done
	cancel()
}
