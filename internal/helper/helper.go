// Package helper runs other programs for what they print, and ends them with
// all that they have started.
//
//	out, err := helper.Output(ctx, helper.Program{Argv: []string{"pass", "show", "age"}})
//
// A program without a terminal gets a process group of its own, which is ended
// with it. With one it stays in ours: only so it may ask a person there; its
// descendants are then looked for one by one.
package helper

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os/exec"
	"time"
)

// A Program is what to run.
type Program struct {
	Argv   []string
	Env    []string // of the form NAME=value; nil is ours
	Stdin  io.Reader
	Stderr io.Writer
}

const (
	// grace is how long a program has to end after it was asked to, and
	// descendants that keep its output open after it has ended.
	grace = 500 * time.Millisecond
	// most is how much a program may print.
	most = 1 << 20
)

// ErrTooMuch says that a program prints without end.
var ErrTooMuch = errors.New("it prints too much")

// Output runs p to its end, or to that of ctx, whose error it returns then.
func Output(ctx context.Context, p Program) ([]byte, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	cmd := exec.CommandContext(ctx, p.Argv[0], p.Argv[1:]...)
	out := &limited{full: func() { cancel(ErrTooMuch) }}
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = p.Env, p.Stdin, out, p.Stderr
	cmd.WaitDelay = grace
	alone := !hasTerminal()
	if alone {
		ownGroup(cmd)
	}
	var family []int
	cmd.Cancel = func() error {
		family = processes(cmd.Process.Pid, alone)
		return end(family, false)
	}
	err := cmd.Run()
	if ctx.Err() != nil {
		_ = end(family, true) // most are gone, and no more can be done about the rest
		return nil, context.Cause(ctx)
	}
	return out.text.Bytes(), err
}

// limited is what a program has printed. It refuses more than that. The buffer
// is no embedded one, whose ReadFrom would go past Write.
type limited struct {
	text bytes.Buffer
	full func()
}

// Write adds to what was printed.
func (l *limited) Write(b []byte) (int, error) {
	if l.text.Len()+len(b) > most {
		l.full()
		return 0, ErrTooMuch
	}
	return l.text.Write(b)
}

// EndChildren ends the children of this process that belongs says it of by
// their command line, with all that they have started. It is for programs that
// a library runs, which leaves no other way.
func EndChildren(belongs func(commandLine string) bool) {
	for _, pid := range children(belongs) {
		_ = end(processes(pid, false), true)
	}
}
