package app

import (
	"context"
	"os"
	"os/signal"
	"sync/atomic"
)

// A watch ends a context on Ctrl-C, except while an editor runs, to which the
// key belongs then.
type watch struct {
	editing atomic.Bool
	stop    func()
}

func watchInterrupts(ctx context.Context) (context.Context, *watch) {
	ctx, cancel := context.WithCancel(ctx)
	c := make(chan os.Signal, 1)
	signal.Notify(c, os.Interrupt)
	w := &watch{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-c:
				if !w.editing.Load() {
					cancel()
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	w.stop = func() {
		signal.Stop(c)
		cancel()
		<-done
	}
	return ctx, w
}
