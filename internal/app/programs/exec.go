// Package programs is the commands that run other programs: exec-env and
// exec-file with the values of files, devkms with an AWS KMS of its own.
package programs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
)

// A Program is what exec-env and exec-file run: a line for the shell, or a
// program with its arguments, which no shell reads.
type Program struct {
	Line string
	Argv []string // nil: Line counts
}

// with returns p with path in place of each {}.
func (p Program) with(path string) Program {
	q := Program{Line: strings.ReplaceAll(p.Line, "{}", path), Argv: slices.Clone(p.Argv)}
	for i, arg := range q.Argv {
		q.Argv[i] = strings.ReplaceAll(arg, "{}", path)
	}
	return q
}

// command prepares p to run with the streams of a. The program is looked for in
// the PATH of this process, whatever environ says.
func command(a *app.App, p Program, environ []string) *exec.Cmd {
	argv := p.Argv
	if argv == nil {
		argv = shell(p.Line)
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir = a.Dir
	cmd.Env = append([]string{}, environ...) // nil would be the environment of this process
	cmd.Stdin, cmd.Stdout, cmd.Stderr = a.Stdin, a.Stdout, a.Stderr
	return cmd
}

// inherited is the environment that the program gets beside the values.
func inherited(pristine bool) []string {
	if pristine {
		return nil
	}
	return env.All()
}

// switchTo makes this process one of the user, if one is named, and returns the
// variables that go with that.
func switchTo(name string) ([]string, error) {
	if name == "" {
		return nil, nil
	}
	vars, err := become(name)
	if err != nil {
		return nil, app.Fail(app.Other, "", "--user %s: %w", name, err)
	}
	return vars, nil
}

// A relay hands on to a program the signals that are sent to this process. It
// collects them from its beginning, so that none is lost before the program
// runs.
type relay struct{ signals chan os.Signal }

func newRelay() relay {
	r := relay{make(chan os.Signal, 64)}
	for _, s := range relayed() {
		// What is ignored since this process began, as after nohup, the
		// program must ignore too.
		if !signal.Ignored(s) {
			signal.Notify(r.signals, s)
		}
	}
	return r
}

func (r relay) stop() { signal.Stop(r.signals) }

// run runs the program to its end, unless ctx ended before it began: from then
// on signals are for the program, which may take its time.
func (r relay) run(ctx context.Context, cmd *exec.Cmd) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	ended, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case s := <-r.signals:
				if !typed(s) {
					_ = cmd.Process.Signal(s) // it may have ended just now
				}
			case <-ended:
				return
			}
		}
	}()
	err := cmd.Wait()
	close(ended)
	<-done
	return err
}

// childEnd returns what the end of a program means for this process.
func childEnd(err error) error {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return err
	}
	end := &ChildExit{Status: exitStatus(exit)}
	if s, ok := exit.Sys().(syscall.WaitStatus); ok && s.Signaled() {
		end.Signal = s.Signal()
	}
	return end
}

// startError explains why cmd did not start; file is where its values come
// from.
func startError(err error, cmd *exec.Cmd, own []string, file string) error {
	var end *ChildExit
	switch {
	case err == nil, errors.As(err, &end):
		return err
	case errors.Is(err, syscall.E2BIG):
		return tooLarge(own, cmd, file)
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, fs.ErrNotExist):
		return &app.Error{Kind: app.NoProgram, Err: fmt.Errorf("cannot run %s: %w", cmd.Args[0], plainReason(err)), Advice: noShell(cmd)}
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.ENOEXEC), errors.Is(err, exec.ErrDot):
		return &app.Error{Kind: app.NotRunnable, Err: fmt.Errorf("cannot run %s: %w", cmd.Args[0], plainReason(err))}
	}
	return err
}

// plainReason leaves out the name of the program, which is said already.
func plainReason(err error) error {
	var name *exec.Error
	var path *fs.PathError
	switch {
	case errors.As(err, &name):
		return name.Err
	case errors.As(err, &path):
		return path.Err
	}
	return err
}

// noShell is what to do on a machine without a shell.
func noShell(cmd *exec.Cmd) []string {
	if cmd.Args[0] != shell("")[0] {
		return nil
	}
	return []string{"give the program itself with its arguments, which needs no shell: sops exec-env FILE -- PROGRAM ARGUMENT"}
}

// asFile is the way for what no variable can hold.
func asFile(file string) string {
	return fmt.Sprintf("hand it over as a file: sops exec-file %s 'cat {}'", hint.Path(file))
}

// tooLarge says what the system does not take: one variable that is too long,
// or all of them together.
func tooLarge(own []string, cmd *exec.Cmd, file string) error {
	advice := asFile(file)
	total := 0
	for _, s := range slices.Concat(cmd.Args, cmd.Environ()) {
		total += len(s) + 1
	}
	for _, v := range own {
		if limit := longest(); limit > 0 && len(v) >= limit {
			name, value, _ := strings.Cut(v, "=")
			return app.Fail(app.Other, advice, "the variable %s would be %d bytes long; the system takes %d bytes of name and value",
				name, len(name)+1+len(value), limit-1)
		}
	}
	return app.Fail(app.Other, advice, "arguments and environment of the program would be %d bytes, which is more than the system takes", total)
}
