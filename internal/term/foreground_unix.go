//go:build unix

package term

import (
	"os"

	"golang.org/x/sys/unix"
)

// Foreground reports whether keys of the terminal send their signals to this
// process.
func Foreground() bool {
	tty, err := os.OpenFile("/dev/tty", os.O_RDONLY|unix.O_NOCTTY, 0)
	if err != nil {
		return false
	}
	defer tty.Close()
	group, err := unix.IoctlGetInt(int(tty.Fd()), unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}
