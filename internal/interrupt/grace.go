package interrupt

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// Grace returns a context for work that is to be finished when ctx ends by a
// signal: it goes on for so long, or until a second signal.
func Grace(ctx context.Context, long time.Duration) (_ context.Context, stop func()) {
	work, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	again := make(chan os.Signal, 4)
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(s) {
			signal.Notify(again, s)
		}
	}
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		select {
		case <-ctx.Done():
		case <-done:
			return
		}
		timer := time.NewTimer(long)
		defer timer.Stop()
		for range 2 { // the first signal has come here as well
			select {
			case <-again:
			case <-timer.C:
				cancel(context.Cause(ctx))
				return
			case <-done:
				return
			}
		}
		cancel(context.Cause(ctx))
	}()
	return work, func() {
		signal.Stop(again)
		close(done)
		<-ended
		cancel(nil)
	}
}
