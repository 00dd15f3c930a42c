//go:build unix

package interrupt

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"testing"
)

// It raises a signal in the process of all tests, so it does not run beside them.
func TestASignalEndsTheContextAndGivesTheExitStatus(t *testing.T) {
	ctx, stop := Until(t.Context(), syscall.SIGUSR1)
	defer stop()
	if err := syscall.Kill(os.Getpid(), syscall.SIGUSR1); err != nil {
		t.Fatal(err)
	}
	<-ctx.Done()
	err := Mark(ctx, fmt.Errorf("stopped: %w", ctx.Err()))
	if By(err) != syscall.SIGUSR1 {
		t.Errorf("By: %v", By(err))
	}
	if got, want := Status(err), 128+int(syscall.SIGUSR1); got != want {
		t.Errorf("exit status %d, want %d", got, want)
	}
}

func TestAnErrorWithoutASignalStaysAsItIs(t *testing.T) {
	t.Parallel()
	ctx, stop := Until(t.Context(), syscall.SIGUSR2)
	stop()
	if err := errors.New("no"); Mark(ctx, err) != err || By(err) != nil || Mark(ctx, nil) != nil {
		t.Error("it was marked")
	}
}
