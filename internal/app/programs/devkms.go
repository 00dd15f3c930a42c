package programs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/seed-1f7fdfb8/sops/devkms"
	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/atomicfile"
	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/internal/term"
)

// DevKMSOptions are the options of the devkms commands.
type DevKMSOptions struct {
	World string // a world file; "" is the built-in world
	Dir   string // where keys and changes are kept; "" is memory
	Audit string // a file for the audit log; "" is none
	As    string // who the program is: a profile, or a machine; "" is the default user
	Proxy bool   // for programs that obey no variable with an endpoint
	Port  int    // 0 is any free one
}

// A ChildExit is the end of a program that was run, with a status of its own.
// It has said itself what there is to say.
type ChildExit struct {
	Status int
	Signal os.Signal // that ended it; nil if it ended by itself
}

func (e *ChildExit) Error() string { return fmt.Sprintf("exit status %d", e.Status) }

// ExitCode returns the status of the program.
func (e *ChildExit) ExitCode() int { return e.Status }

// DevKMSExec runs a program with an AWS KMS and STS of its own.
func DevKMSExec(ctx context.Context, a *app.App, o DevKMSOptions, argv []string) error {
	if len(argv) == 0 {
		return app.Fail(app.NoFile, "sops devkms exec -- sops decrypt prod.yaml", "devkms exec: no command to run")
	}
	s, err := startDevKMS(ctx, a, o)
	if err != nil {
		return err
	}
	defer s.close()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir, cmd.Env = a.Dir, append(devkms.WithoutAWS(env.All()), s.environ...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = a.Stdin, a.Stdout, a.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	// A key that interrupts is the child's, which gets it too.
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	defer signal.Stop(interrupts)
	err = cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return &ChildExit{Status: exitStatus(exit)}
	}
	return err
}

// exitStatus is that of a shell: 128 and more for a signal.
func exitStatus(e *exec.ExitError) int {
	if s, ok := e.Sys().(syscall.WaitStatus); ok && s.Signaled() {
		return 128 + int(s.Signal())
	}
	return e.ExitCode()
}

// DevKMSServe serves until ctx ends or Ctrl-C. It prints the variables that lead
// to it and closes standard output.
func DevKMSServe(ctx context.Context, a *app.App, o DevKMSOptions) error {
	s, err := startDevKMS(ctx, a, o)
	if err != nil {
		return err
	}
	defer s.close()
	for _, v := range s.environ {
		name, value, _ := strings.Cut(v, "=")
		fmt.Fprintf(a.Stdout, "export %s='%s'\n", name, strings.ReplaceAll(value, "'", `'\''`))
	}
	fmt.Fprintf(a.Stdout, "export DEVKMS_PID='%d'\n", os.Getpid())
	// A shell that takes the variables from a pipe waits for the end of it.
	if c, ok := a.Stdout.(io.Closer); ok && !term.IsTerminal(a.Stdout) {
		if err := c.Close(); err != nil {
			return err
		}
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	<-ctx.Done()
	return nil
}

// A devServer is a running devkms with its profile files.
type devServer struct {
	*devkms.Server
	environ []string
	close   func()
}

func startDevKMS(ctx context.Context, a *app.App, o DevKMSOptions) (*devServer, error) {
	options := devkms.Options{Now: a.Now, Random: a.Random}
	if o.World != "" {
		f, err := atomicfile.Read(ctx, a.Abs(o.World))
		if err != nil {
			return nil, err
		}
		if options.World, err = devkms.ParseWorld(o.World, f.Data); err != nil {
			return nil, err
		}
	}
	if o.Dir != "" {
		options.Dir = a.Abs(o.Dir)
	}
	closers := []func() error{}
	closeAll := func() {
		for _, c := range closers {
			_ = c() // the work is done; nothing depends on it any more
		}
	}
	if o.Audit != "" {
		f, err := os.OpenFile(a.Abs(o.Audit), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, fmt.Errorf("audit log: %w", err)
		}
		options.Audit = f
		closers = append(closers, f.Close)
	}
	profiles, err := os.MkdirTemp("", "sops-devkms-")
	if err != nil {
		return nil, err
	}
	closers = append(closers, func() error { return os.RemoveAll(profiles) })
	s, err := devkms.New(options)
	if err != nil {
		closeAll()
		return nil, err
	}
	closers = append([]func() error{s.Close}, closers...)
	if _, err := s.ListenPort(o.Port); err != nil {
		closeAll()
		return nil, err
	}
	environ, err := s.EnvironFor(devkms.Program{Dir: filepath.Join(profiles, ".aws"), As: o.As, Proxy: o.Proxy, Home: profiles})
	if err != nil {
		closeAll()
		return nil, err
	}
	return &devServer{s, environ, closeAll}, nil
}
