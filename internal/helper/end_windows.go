package helper

import (
	"errors"
	"os"
	"os/exec"
)

// hasTerminal means nothing where there are no process groups.
func hasTerminal() bool { return true }

func ownGroup(*exec.Cmd) {}

func processes(pid int, _ bool) []int { return []int{pid} }

func end(pids []int, _ bool) error {
	var errs []error
	for _, pid := range pids {
		p, err := os.FindProcess(pid)
		if err == nil {
			err = p.Kill()
		}
		if err != nil && !errors.Is(err, os.ErrProcessDone) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
