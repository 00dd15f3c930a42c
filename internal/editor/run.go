package editor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"syscall"
	"time"
)

// grace is how long an editor that was asked to end may take.
const grace = 2 * time.Second

// An ExitError says that the editor could not be run to a good end. Its text
// begins as that of sops always has: wrappers look for it.
type ExitError struct {
	Program string
	Err     error // *exec.ExitError says by which status or signal it ended
}

func (e *ExitError) Error() string {
	return "Could not run editor: " + e.Program + ": " + e.Err.Error()
}

// Unwrap returns the reason.
func (e *ExitError) Unwrap() error { return e.Err }

// Crashed reports whether err, of Run, says that a signal ended the editor.
func Crashed(err error) bool {
	var exit *exec.ExitError
	return errors.As(err, &exit) && !exit.Exited()
}

// Run runs the editor argv on the file and waits for it. When ctx ends, the
// editor is asked to end, and killed if it does not. An interrupt from the
// keyboard belongs to the editor, which gets it too: while it runs this process
// ignores interrupts, and so ctx should not end by them.
func (s *Session) Run(ctx context.Context, argv []string, stdin io.Reader, stdout, stderr io.Writer) error {
	cmd := exec.CommandContext(ctx, argv[0], append(slices.Clone(argv[1:]), s.path)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, stdout, stderr
	cmd.Cancel = func() error { return terminate(cmd.Process) }
	cmd.WaitDelay = grace
	defer ignoreKeyboard()()
	defer withoutCore()()
	err := cmd.Run()
	switch {
	case err == nil, errors.Is(err, exec.ErrWaitDelay): // the latter left a child
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("editor %s was stopped: %w", argv[0], context.Cause(ctx))
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err // the program is named already
	}
	return &ExitError{Program: argv[0], Err: err}
}

// ignoreKeyboard keeps this process alive when a key sends a signal. It must
// not be signal.Ignore, which the editor would inherit.
func ignoreKeyboard() (stop func()) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, os.Interrupt, syscall.SIGQUIT)
	return func() { signal.Stop(c) }
}
