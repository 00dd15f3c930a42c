//go:build unix

package term

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

func open() (in, out *os.File, err error) {
	tty, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	return tty, tty, err
}

// understandsColor is true: every terminal but a dumb one does.
func understandsColor(io.Writer) bool { return true }

// wait returns when there is something to read, or with the cause when ctx
// ends. It selects instead of setting a deadline, because not every system lets
// Go poll a terminal.
func (t *Terminal) wait(ctx context.Context) error {
	end, trigger, err := os.Pipe()
	if err != nil {
		return err
	}
	defer end.Close()
	stop := context.AfterFunc(ctx, func() { trigger.Close() })
	defer func() {
		if stop() {
			trigger.Close()
		}
	}()
	in, done := int(t.in.Fd()), int(end.Fd())
	for {
		var ready unix.FdSet
		ready.Set(in)
		ready.Set(done)
		_, err := unix.Select(max(in, done)+1, &ready, nil, nil, nil)
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return os.NewSyscallError("select", err)
		case ready.IsSet(done):
			return context.Cause(ctx)
		default:
			return nil
		}
	}
}

// secret turns the echo off before it prints the prompt, so that what is typed
// at once is hidden too.
func (t *Terminal) secret(ctx context.Context, prompt string) (answer []byte, err error) {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	fd := int(t.in.Fd())
	state, err := unix.IoctlGetTermios(fd, getState)
	if err != nil {
		return nil, os.NewSyscallError("ioctl", err)
	}
	quiet := *state
	quiet.Lflag &^= unix.ECHO
	quiet.Lflag |= unix.ICANON | unix.ISIG | unix.ECHONL
	quiet.Iflag |= unix.ICRNL
	if err := unix.IoctlSetTermios(fd, setState, &quiet); err != nil {
		return nil, os.NewSyscallError("ioctl", err)
	}
	defer func() {
		if err == nil {
			_ = unix.IoctlSetTermios(fd, setState, state)
			return
		}
		// Half a secret must not become the shell's next command.
		_ = unix.IoctlSetTermios(fd, setStateAndFlush, state)
		_, _ = io.WriteString(t.out, "\n")
	}()
	if _, err := io.WriteString(t.out, prompt); err != nil {
		return nil, err
	}
	return t.line(ctx)
}
