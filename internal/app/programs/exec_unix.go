//go:build unix

package programs

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"os/user"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/term"
)

// shell is the command that runs a line.
func shell(line string) []string { return []string{"/bin/sh", "-c", line} }

// canReplace reports whether a process can become another program.
const canReplace = true

// replace makes this process the program: there is nothing left to relay
// signals, to wait, or to hold a copy of the values. It returns only if that
// fails.
func replace(cmd *exec.Cmd) error {
	if cmd.Err != nil {
		return cmd.Err
	}
	if err := syscall.Exec(cmd.Path, cmd.Args, cmd.Environ()); err != nil {
		return &os.PathError{Op: "exec", Path: cmd.Path, Err: err}
	}
	return nil
}

// become makes this process one of the user, with all groups, and returns the
// variables of a login.
func become(name string) ([]string, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return nil, err
	}
	groups, err := u.GroupIds()
	if err != nil {
		return nil, err
	}
	ids := make([]int, 0, len(groups))
	for _, g := range groups {
		id, err := strconv.Atoi(g)
		if err != nil {
			return nil, fmt.Errorf("group %q: %w", g, err)
		}
		ids = append(ids, id)
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return nil, err
	}
	// The user comes last: no other one may change groups.
	if err := syscall.Setgroups(ids); err != nil {
		return nil, err
	}
	if err := syscall.Setgid(gid); err != nil {
		return nil, err
	}
	if err := syscall.Setuid(uid); err != nil {
		return nil, err
	}
	return []string{"HOME=" + u.HomeDir, "USER=" + u.Username, "LOGNAME=" + u.Username}, nil
}

// relayed are the signals that a program gets which are sent to this process.
func relayed() []os.Signal {
	return []os.Signal{
		syscall.SIGTERM, syscall.SIGHUP, os.Interrupt, syscall.SIGQUIT,
		syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGALRM, syscall.SIGWINCH,
	}
}

// typed reports whether a key sent the signal, so that the program got it too:
// twice is too much of Ctrl-C, which many programs take for an order to drop
// everything.
func typed(s os.Signal) bool {
	return (s == os.Interrupt || s == syscall.SIGQUIT) && term.Foreground()
}

// endLike ends this process as the program ended, if Ctrl-C did that: a shell
// leaves a loop only for a command that died of it.
func endLike(end *ChildExit) {
	if end.Signal != syscall.SIGINT || os.Getpid() == 1 { // which signals do not end
		return
	}
	signal.Reset(syscall.SIGINT)
	if syscall.Kill(os.Getpid(), syscall.SIGINT) == nil {
		time.Sleep(time.Second) // until it is delivered
	}
}

// longest is the length from which the system refuses a variable; 0 is no
// limit of its own.
func longest() int {
	if runtime.GOOS == "linux" {
		return 32 * os.Getpagesize()
	}
	return 0
}

// inheritedFile is the name under which a program opens the first file that it
// inherits.
const inheritedFile = "/dev/fd/3"
