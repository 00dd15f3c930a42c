package pgp

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/env"
)

// Limits of what is read from a program: keyrings may be large, all else is
// not.
const (
	maxOutput = 16 << 20
	maxErrors = 1 << 20
)

// lingering is how long a program's own children may keep its output open.
const lingering = time.Second

// A call is one run of gpg.
type call struct {
	stdin  []byte
	args   []string
	prompt bool // pinentry may speak to the user, in the user's language
	max    int  // of the output
}

// An outcome is what came of a call.
type outcome struct {
	out    []byte
	status status
	ok     bool // it ended with 0
}

// program returns the path of gpg.
func (k *Keeper) program() (string, error) {
	given := env.Env(k.o.Env).Get(varProgram)
	program := given
	if program == "" {
		program = defaultGPG
	}
	path, err := exec.LookPath(program)
	if err != nil {
		return "", &MissingError{Program: program, given: given != "", err: err}
	}
	return path, nil
}

// run runs gpg and reads its output and status lines. The error is about the
// running alone: what gpg itself says is in the outcome.
func (k *Keeper) run(ctx context.Context, c call) (outcome, error) {
	path, err := k.program()
	if err != nil {
		return outcome{}, err
	}
	if err := k.checkHome(); err != nil {
		return outcome{}, err
	}
	// As git does it: the lines for programs and those for people go one way,
	// and differ by their prefix.
	c.args = append([]string{"--batch", "--no-tty", "--status-fd=2"}, c.args...)
	return k.execute(ctx, path, c)
}

// execute runs a program in a process group of its own, which ends with ctx.
func (k *Keeper) execute(ctx context.Context, path string, c call) (outcome, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stdout := &limited{max: c.max, full: func() { cancel(errTooMuch) }}
	stderr := &limited{max: maxErrors, full: func() {}}
	cmd := exec.CommandContext(ctx, path, c.args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(c.stdin), stdout, stderr
	cmd.Env = k.environ(c.prompt)
	cmd.WaitDelay = lingering
	ownGroup(cmd)
	err := cmd.Run()
	o := outcome{out: stdout.buf.Bytes(), status: parseStatus(stderr.buf.String())}
	var exit *exec.ExitError
	switch {
	case errors.Is(context.Cause(ctx), errTooMuch):
		return o, errTooMuch
	case ctx.Err() != nil:
		return o, ctx.Err()
	case err == nil, errors.Is(err, exec.ErrWaitDelay): // the latter left a child running
		o.ok = true
	case !errors.As(err, &exit):
		return o, &MissingError{Program: path, given: true, err: err}
	}
	return o, nil
}

var errTooMuch = errors.New("gpg writes more than a data key")

// environ returns the environment of gpg: that of the user, with the terminal
// for pinentry. Where nothing is asked, texts come in one language.
func (k *Keeper) environ(prompt bool) []string {
	vars := env.All()
	for _, name := range []string{varHome, varTTY, "HOME", "PATH"} {
		if v := env.Env(k.o.Env).Get(name); v != "" {
			vars = append(vars, name+"="+v)
		}
	}
	if !prompt {
		return append(vars, "LC_ALL=C", "LANGUAGE=")
	}
	// gpg looks for a terminal on its standard input, which is our pipe.
	if env.Env(k.o.Env).Get(varTTY) == "" {
		if tty := k.o.TTY(); tty != "" {
			vars = append(vars, varTTY+"="+tty)
		}
	}
	return vars
}

// home returns the directory of gpg's keys, "" if it is not known.
func (k *Keeper) home() string {
	if dir := env.Env(k.o.Env).Get(varHome); dir != "" {
		return dir
	}
	if runtime.GOOS == "windows" {
		return ""
	}
	if dir := env.Env(k.o.Env).Home(); dir != "" {
		return filepath.Join(dir, homeDirectory)
	}
	return ""
}

// checkHome refuses to run gpg where it has no home: it would make one, and
// start an agent for it, only to say that there are no keys. A program of the
// user's own may have its home elsewhere.
func (k *Keeper) checkHome() error {
	dir := k.home()
	if dir == "" || env.Env(k.o.Env).Get(varProgram) != "" {
		return nil
	}
	info, err := os.Stat(dir)
	if err == nil && info.IsDir() {
		return nil
	}
	return &HomeError{Dir: dir, given: env.Env(k.o.Env).Get(varHome) != ""}
}

// limited keeps the first max bytes, and calls full where there are more.
type limited struct {
	buf  bytes.Buffer
	max  int
	full func()
}

// Write never fails: a program that cannot write on would hang or die.
func (l *limited) Write(p []byte) (int, error) {
	keep := p
	if room := l.max - l.buf.Len(); len(p) > room {
		keep = p[:room]
		l.full()
	}
	l.buf.Write(keep)
	return len(p), nil
}

// beside returns the program of the same package as gpg, "" if it is not there.
func (k *Keeper) beside(program string) string {
	if gpg, err := k.program(); err == nil {
		path := filepath.Join(filepath.Dir(gpg), program+filepath.Ext(gpg))
		if found, err := exec.LookPath(path); err == nil && strings.Contains(path, string(filepath.Separator)) {
			return found
		}
	}
	found, err := exec.LookPath(program)
	if err != nil {
		return ""
	}
	return found
}
