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

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/app/many"
	"github.com/seed-1f7fdfb8/sops/internal/app/programs"
	"github.com/seed-1f7fdfb8/sops/internal/command"
	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/internal/interrupt"
	"github.com/seed-1f7fdfb8/sops/internal/term"
)

// A run is one call of the program.
type run struct{ app *app.App }

// Main runs the program in the environment of the process and returns its exit
// status.
func Main(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	// These end every command; Ctrl-C ends those that do not leave it to
	// another program.
	ctx, stop := interrupt.Until(ctx, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	dir, _ := os.Getwd()     // "" if it is gone; absolute paths work all the same
	host, _ := os.Hostname() // only the name of a session; "" will do
	a := &app.App{
		Stdin: stdin, Stdout: stdout, Stderr: stderr,
		Env: env.OS(), Dir: dir, Now: time.Now, Random: rand.Reader,
		HostName: host, Terminal: term.Open,
	}
	a.Audit = trail(a)
	code, ended := runOnce(ctx, args, a)
	a.Audit.Close()
	if ended != nil {
		interrupt.Die(ended)
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
	case !errors.As(err, new(*many.Ended)):
		show(err)
	}
	return ExitStatus(err), interrupt.By(err)
}

func (r *run) run(ctx context.Context, args []string) error {
	root := r.root()
	if root.Complete(ctx, r.app.Stdout, args) {
		return nil
	}
	r.app.JSON = wantsJSON(args)
	c, err := parse(root, args, world{r.app.Warn, r.exists})
	switch {
	case err != nil:
		return err
	case c.Help:
		return help(r.app.Stdout, root, c.Words)
	case c.Version:
		return version(r.app.Stdout)
	}
	if err := c.Apply(); err != nil {
		return err
	}
	if r.app.Audit != nil {
		r.app.Audit.Command = strings.Join(c.Words, " ")
	}
	if !ownsKeyboard(c.Words[0]) {
		var stop func()
		ctx, stop = interrupt.Until(ctx, os.Interrupt)
		defer stop()
	}
	return interrupt.Mark(ctx, c.Command.Run(ctx, c))
}

// exists reports whether there is a file of that name, also a link that leads
// nowhere.
func (r *run) exists(name string) bool {
	_, err := os.Lstat(r.app.Abs(name))
	return err == nil
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
	case "edit", "devkms", "exec-env", "exec-file", "merge":
		return true
	}
	return false
}

// root returns the table of commands. Its own flags are those of the old form,
// and some that SOPS takes and we have no use for.
func (r *run) root() *command.Command {
	return &command.Command{
		Name:     "sops",
		Summary:  "edit encrypted files",
		Examples: rootExamples,
		Help:     rootIntro + "\n\n" + rootForms,
		Commands: []*command.Command{
			r.encrypt(), r.decrypt(), r.edit(), r.set(), r.unset(), r.rotate(), r.updatekeys(), r.sync(), r.groups(), r.publish(),
			r.check(), r.merge(), r.mergeDriver(), r.git(), r.log(), r.textconv(),
			r.execEnv(), r.execFile(), r.filestatus(), r.doctor(), r.config(), r.keygen(), r.kms(), r.keyservice(), r.devkms(), r.completion(), r.man(),
		},
		Flags: []*command.Flag{
			{Name: "encrypt", Aliases: []string{"e"}, Hidden: true, Bool: true},
			{Name: "decrypt", Aliases: []string{"d"}, Hidden: true, Bool: true},
			{Name: "rotate", Aliases: []string{"r"}, Hidden: true, Bool: true},
			{Name: "set", Hidden: true},
			{Name: "disable-version-check", Hidden: true, Bool: true, NoOp: true},
			{Name: "check-for-updates", Hidden: true, Bool: true, NoOp: true},
		},
		Topics: topics(),
	}
}

// file returns the one file that a command takes. More are refused before
// anything is done: what is left out would stay as it is without a word.
func file(c *command.Call, needed bool) (string, error) {
	switch {
	case len(c.Args) == 0 && needed:
		return "", noFile()
	case len(c.Args) == 0:
		return "", nil
	case c.Args[0] == "":
		return "", noName()
	case len(c.Args) > 1:
		return "", oneTooMany(strings.Join(c.Words, " "), c.On("in-place"), c.Args)
	}
	return c.Args[0], nil
}

// noFile is the lack of the file that a command takes.
func noFile() error { return app.Fail(app.NoFile, "see: sops --help", "no file specified") }

// noName is an empty name of a file: of a variable that is not set, most likely.
func noName() error { return app.Fail(app.NoFile, "", "the name of the file is empty") }

// oneTooMany is the mistake of giving more than one file to a command that takes
// one, or to the old form.
func oneTooMany(name string, inPlace bool, args []string) error {
	for _, e := range args[1:] {
		if command.IsFlag(e) {
			return &command.UsageError{
				Msg:  fmt.Sprintf("%q is after the file, where the old form takes no flags, so nothing was done", e),
				Hint: "put flags before the file, or name the command, as in: sops decrypt " + hint.Path(args[0]),
			}
		}
	}
	each := "sops " + name
	if inPlace {
		each += " -i"
	}
	advice := "run it for each: for f in FILES; do " + each + " \"$f\"; done"
	if slices.Contains([]string{"encrypt", "decrypt", "rotate"}, name) {
		advice = "the command, by its name, takes several: sops " + name + " -i FILE..."
	}
	return &command.UsageError{
		Msg:  fmt.Sprintf("sops %s takes one file, so nothing was done: %q is one too many", name, args[1]),
		Hint: advice,
	}
}
