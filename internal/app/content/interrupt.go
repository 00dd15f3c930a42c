package content

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"sync/atomic"

	"github.com/seed-1f7fdfb8/sops/internal/app"
)

// A watch ends a context on Ctrl-C, except while an editor runs, to which the
// key belongs then.
type watch struct {
	editing     atomic.Bool
	interrupted atomic.Bool // while the editor ran
	stop        func()
}

// watchInterrupts begins a watch. Without a keyboard the signal came from
// another program and is meant for this process, at any time.
func watchInterrupts(ctx context.Context, keyboard bool) (context.Context, *watch) {
	ctx, cancel := context.WithCancelCause(ctx)
	c := make(chan os.Signal, 1)
	signal.Notify(c, os.Interrupt)
	w := &watch{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-c:
				if keyboard && w.editing.Load() {
					w.interrupted.Store(true)
				} else {
					cancel(errors.New("interrupt signal received"))
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	w.stop = func() {
		signal.Stop(c)
		cancel(nil)
		<-done
	}
	return ctx, w
}

// hasKeyboard reports whether a person can press Ctrl-C.
func hasKeyboard(a *app.App) bool {
	t, err := a.Terminal()
	if err != nil {
		return false
	}
	return t.Close() == nil
}
