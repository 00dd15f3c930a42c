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
	return map[string]func(){"detach": detach, "noflock": noFlock}
}

// detach becomes another program in a session of its own, which has no
// terminal, and to which Ctrl-C means what it usually does: a shell switches it
// off for what runs in the background.
func detach() {
	signal.Notify(make(chan os.Signal, 1), os.Interrupt) // what is caught is as usual after exec
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
