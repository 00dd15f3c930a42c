//go:build unix

package cli_test

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
)

// helpers are programs for scripts.
func helpers() map[string]func() {
	return map[string]func(){"detach": detach}
}

// detach becomes another program in a session of its own, which has no
// terminal and where Ctrl-C is not ignored, as it is in the background of a
// shell.
func detach() {
	signal.Notify(make(chan os.Signal, 1), os.Interrupt) // the new program has the default
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
