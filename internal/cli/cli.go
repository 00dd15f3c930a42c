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
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/app/programs"
	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/internal/term"
)

// A run is one call of the program.
type run struct{ app *app.App }

// Main runs the program in the environment of the process and returns its exit
// status.
func Main(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	// These end every command; Ctrl-C ends those that do not leave it to
	// another program.
	ctx, stop := untilSignal(ctx, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	dir, _ := os.Getwd()     // "" if it is gone; absolute paths work all the same
	host, _ := os.Hostname() // only the name of a session; "" will do
	code, ended := runOnce(ctx, args, &app.App{
		Stdin: stdin, Stdout: stdout, Stderr: stderr,
		Env: env.OS(), Dir: dir, Now: time.Now, Random: rand.Reader,
		HostName: host, Terminal: term.Open,
	})
	if ended != nil {
		dieOf(ended)
	}
	return code
}

// Run runs one command in the world a.
func Run(ctx context.Context, args []string, a *app.App) int {
	code, _ := runOnce(ctx, args, a)
	return code
}

// runOnce also returns the signal that ended the command, nil if none did.
func runOnce(ctx context.Context, args []string, a *app.App) (code int, ended os.Signal) {
	r := &run{app: a}
	show := func(err error) {
		_ = hint.Print(a.Stderr, err, hint.Options{JSON: a.JSON, Color: term.Color(a.Stderr, a.Env), Exit: ExitStatus})
	}
	a.ShowError = show
	err := r.run(ctx, args[1:])
	var child *programs.ChildExit
	switch {
	case err == nil:
		return 0, nil
	case errors.As(err, &child):
		return child.Status, nil
	}
	show(err)
	var s *signaled
	if errors.As(err, &s) {
		ended = s.signal
	}
	return ExitStatus(err), ended
}

func (r *run) run(ctx context.Context, args []string) error {
	root := r.root()
	if r.candidates(root, args) {
		return nil
	}
	r.app.JSON = wantsJSON(args)
	c, err := translate(root, args, world{r.app.Warn, r.app.Exists})
	switch {
	case err != nil:
		return err
	case c.help:
		return r.topic(root, strings.Join(c.words, " "))
	case c.version:
		// Wrappers read the first three numbers to learn what we understand.
		_, err := fmt.Fprintf(r.app.Stdout, "sops %s\n", envelope.Version)
		return err
	}
	words := slices.Concat([]string{"sops"}, c.words, c.args)
	if !ownsKeyboard(c.words[0]) {
		var stop func()
		ctx, stop = untilSignal(ctx, os.Interrupt)
		defer stop()
	}
	return bySignal(ctx, root.Run(ctx, words))
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
			r.execEnv(), r.execFile(), r.filestatus(), r.doctor(), r.config(), r.keygen(), r.kms(), r.devkms(), r.completion(),
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

// file returns the one file that a command takes. More are refused before
// anything is done: what is left out would stay as it is without a word.
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
		return "", tooMany(c.Name, c.Bool("in-place"), args)
	}
	return args[0], nil
}

// tooMany is the mistake of giving a command more than the one file it takes.
func tooMany(command string, inPlace bool, args []string) error {
	for _, e := range args[1:] {
		if isFlag(e) {
			return &usageError{
				msg:  fmt.Sprintf("%q is after the file, where the old form takes no flags, so nothing was done", e),
				hint: "put flags before the file, or name the command, as in: sops decrypt " + hint.Path(args[0]),
			}
		}
	}
	each := "sops " + command
	if inPlace {
		each += " -i"
	}
	return &usageError{
		msg:  fmt.Sprintf("sops %s takes one file, so nothing was done: %q is one too many", command, args[1]),
		hint: "run it for each: for f in FILES; do " + each + " \"$f\"; done",
	}
}
