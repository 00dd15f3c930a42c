//go:build unix

package cli_test

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

// helpers are programs for scripts.
func helpers() map[string]func() {
	return map[string]func(){"detach": detach, "noflock": noFlock}
}

// detach becomes another program in a session of its own, which has no
// terminal.
func detach() {
	_, err := syscall.Setsid()
	var path string
	if err == nil {
		path, err = exec.LookPath(os.Args[1])
	}
	if err == nil {
		err = syscall.Exec(path, os.Args[1:], os.Environ())
	}
	fmt.Fprintln(os.Stderr, "detach:", err)
	os.Exit(1)
}
