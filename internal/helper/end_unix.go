//go:build unix

package helper

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// hasTerminal reports whether there is a terminal that a program could ask on.
func hasTerminal() bool {
	t, err := os.OpenFile("/dev/tty", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		return false
	}
	return t.Close() == nil
}

func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// processes returns what kill ends pid with all that it has started by.
func processes(pid int, group bool) []int {
	if group {
		return []int{-pid}
	}
	return append(descendants(pid), pid)
}

// end asks processes to end, or ends them.
func end(pids []int, hard bool) error {
	signal := syscall.SIGTERM
	if hard {
		signal = syscall.SIGKILL
	}
	var errs []error
	for _, pid := range pids {
		if err := syscall.Kill(pid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
