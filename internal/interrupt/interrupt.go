// Package interrupt ends what a program does by signals, and then the program as
// its parent expects it of them:
//
//	ctx, stop := interrupt.Until(ctx, os.Interrupt)
//	defer stop()
//	err := interrupt.Mark(ctx, work(ctx))
//	if s := interrupt.By(err); s != nil {
//		interrupt.Die(s)
//	}
package interrupt

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
)

// A signalError is the reason why a context ended: a signal. A command that it
// ends has the exit status that a shell shows for the signal, 143 for SIGTERM.
type signalError struct{ signal os.Signal }

func (e *signalError) Error() string { return e.signal.String() + " signal received" }

// Until returns a context that ends by any of the signals, but for those
// that the parent has switched off, as nohup does. The second signal is not
// waited for: it has its usual effect.
func Until(ctx context.Context, signals ...os.Signal) (_ context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	c := make(chan os.Signal, 1)
	for _, s := range signals {
		if !signal.Ignored(s) {
			signal.Notify(c, s)
		}
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		select {
		case s := <-c:
			signal.Stop(c)
			cancel(&signalError{s})
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		signal.Stop(c)
		cancel(nil)
		<-done
	}
}

// A signaled error is that of a command which a signal ended, whatever the
// command made of it.
type signaled struct {
	error
	signal os.Signal
}

func (e *signaled) Unwrap() error { return e.error }

// Code returns the word for programs.
func (e *signaled) Code() string { return "EndedBySignal" }

// By returns the signal that ended the command with the error, nil if none did.
func By(err error) os.Signal {
	var s *signaled
	if !errors.As(err, &s) {
		return nil
	}
	return s.signal
}

// Status returns the exit status that a shell shows for a command which a signal
// ended with err, 0 if none did.
func Status(err error) int {
	if n, ok := By(err).(syscall.Signal); ok {
		return 128 + int(n)
	}
	return 0
}

// Mark marks the error of a command that a signal ended: its exit status is the
// one that a shell shows for the signal.
func Mark(ctx context.Context, err error) error {
	var s *signalError
	if err == nil || !errors.As(context.Cause(ctx), &s) {
		return err
	}
	return &signaled{err, s.signal}
}
