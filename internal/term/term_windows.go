package term

import (
	"context"
	"io"
	"os"

	"golang.org/x/sys/windows"
	"golang.org/x/term"
)

func open() (in, out *os.File, err error) {
	in, err = os.OpenFile("CONIN$", os.O_RDWR, 0)
	if err != nil {
		return nil, nil, err
	}
	out, err = os.OpenFile("CONOUT$", os.O_RDWR, 0)
	if err != nil {
		in.Close()
		return nil, nil, err
	}
	return in, out, nil
}

// understandsColor reports whether the console obeys escape sequences.
func understandsColor(w io.Writer) bool {
	f, ok := w.(interface{ Fd() uintptr })
	if !ok {
		return false
	}
	var mode uint32
	err := windows.GetConsoleMode(windows.Handle(f.Fd()), &mode)
	return err == nil && mode&windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING != 0
}

// wait asks only whether ctx has ended: a read of the console cannot be left
// without leaving a goroutine.
func (t *Terminal) wait(ctx context.Context) error { return context.Cause(ctx) }

func (t *Terminal) secret(ctx context.Context, prompt string) ([]byte, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	if _, err := io.WriteString(t.out, prompt); err != nil {
		return nil, err
	}
	answer, err := term.ReadPassword(int(t.in.Fd()))
	_, _ = io.WriteString(t.out, "\n")
	return answer, err
}
