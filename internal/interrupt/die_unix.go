//go:build unix

package interrupt

import (
	"os"
	"os/signal"
	"syscall"
	"time"
)

// Die ends the process by the signal, so that its parent sees what ended it:
// a shell leaves a loop only when the command died of Ctrl-C. It returns where
// the signal is blocked.
func Die(s os.Signal) {
	n, ok := s.(syscall.Signal)
	if !ok {
		return
	}
	signal.Reset(n)
	if syscall.Kill(os.Getpid(), n) == nil {
		time.Sleep(time.Second) // until it is delivered
	}
}
