// Package cli is the command line: one file for each command, which turns
// flags into options and makes one call.
package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/seed-1f7fdfb8/sops"
	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/internal/term"
)

// A run is one call of the program.
type run struct{ app *app.App }

// Main runs the program in the environment of the process and returns its exit
// status.
func Main(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	// These end every command; Ctrl-C ends those that do not leave it to
	// another program. The second signal is not waited for by anybody.
	ctx, stop := signal.NotifyContext(ctx, endings()...)
	defer context.AfterFunc(ctx, stop)()
	defer stop()
	dir, err := os.Getwd()
	if err != nil {
		fmt.Fprintf(stderr, "sops: error: working directory: %v\n", err)
		return 1
	}
	host, _ := os.Hostname() // only the name of a session; "" will do
	return Run(ctx, args, &app.App{
		Stdin: stdin, Stdout: stdout, Stderr: stderr,
		Env: env.OS(), Dir: dir, Now: time.Now, Random: rand.Reader,
		HostName: host, Terminal: term.Open,
	})
}

// Run runs one command in the world a.
func Run(ctx context.Context, args []string, a *app.App) int {
	r := &run{app: a}
	err := r.run(ctx, args[1:])
	var child *app.ChildExit
	switch {
	case err == nil:
		return 0
	case errors.As(err, &child):
		return child.Status
	}
	color := term.Color(a.Stderr, a.Env)
	hint.Print(a.Stderr, err, hint.Options{JSON: a.JSON, Color: color})
	return hint.ExitCode(err)
}

func (r *run) run(ctx context.Context, args []string) error {
	root := r.root()
	if r.candidates(root, args) {
		return nil
	}
	r.app.JSON = wantsJSON(args)
	c, err := translate(root, args, r.app.Warn)
	switch {
	case err != nil:
		return err
	case c.help:
		return r.topic(root, strings.Join(c.words, " "))
	case c.version:
		// Wrappers read the first three numbers to learn what we understand.
		_, err := fmt.Fprintf(r.app.Stdout, "sops %s\n", sops.Version)
		return err
	}
	if !ownsKeyboard(c.words[0]) {
		var stop func()
		ctx, stop = signal.NotifyContext(ctx, os.Interrupt)
		defer context.AfterFunc(ctx, stop)()
		defer stop()
	}
	return root.Run(ctx, slices.Concat([]string{"sops"}, c.words, c.args))
}

// wantsJSON reports whether --json is among args. It counts also for mistakes
// in the other arguments.
func wantsJSON(args []string) bool {
	for _, arg := range args {
		switch arg {
		case "--":
			return false
		case "--json", "-json", "--json=true", "-json=true":
			return true
		}
	}
	return false
}

// ownsKeyboard reports whether a command runs another program, to which a
// typed Ctrl-C belongs.
func ownsKeyboard(command string) bool {
	switch command {
	case "edit", "devkms", "exec-env", "exec-file":
		return true
	}
	return false
}

// root returns the tree of commands.
func (r *run) root() *cli.Command {
	root := &cli.Command{
		Name:           "sops",
		Usage:          "edit encrypted files",
		Writer:         r.app.Stdout,
		ErrWriter:      r.app.Stderr,
		HideVersion:    true,
		ExitErrHandler: func(context.Context, *cli.Command, error) {},
		Commands: []*cli.Command{
			r.encrypt(), r.decrypt(), r.edit(), r.set(), r.unset(), r.rotate(), r.updatekeys(), r.groups(),
			r.execEnv(), r.execFile(), r.filestatus(), r.doctor(), r.kms(), r.devkms(), r.completion(),
		},
	}
	root.Flags = []cli.Flag{
		&cli.BoolFlag{Name: "encrypt", Aliases: []string{"e"}, Hidden: true},
		&cli.BoolFlag{Name: "decrypt", Aliases: []string{"d"}, Hidden: true},
		&cli.BoolFlag{Name: "rotate", Aliases: []string{"r"}, Hidden: true},
		&cli.StringFlag{Name: "set", Hidden: true},
		&cli.BoolFlag{Name: "disable-version-check", Hidden: true},
		&cli.BoolFlag{Name: "check-for-updates", Hidden: true},
		&cli.BoolFlag{Name: "version", Aliases: []string{"v"}, Hidden: true},
	}
	quiet(root)
	return root
}

// quiet keeps the library from printing help, for which translate and topic are
// there, and on standard output at that.
func quiet(c *cli.Command) {
	c.HideHelp = true
	c.OnUsageError = func(_ context.Context, _ *cli.Command, err error, _ bool) error { return &usageError{msg: err.Error()} }
	for _, sub := range c.Commands {
		quiet(sub)
	}
}

// file returns the one file that a command takes. More are a warning: scripts
// have them.
func (r *run) file(c *cli.Command, needed bool) (string, error) {
	args := c.Args().Slice()
	switch {
	case len(args) == 0 && needed:
		return "", &noFileError{}
	case len(args) == 0:
		return "", nil
	case args[0] == "":
		return "", &noNameError{} // of a variable that is not set, most likely
	case len(args) > 1:
		r.app.Warn("more than one file was given; only the first is used")
	}
	return args[0], nil
}
