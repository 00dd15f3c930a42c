//go:build unix && !linux

package term

import "golang.org/x/sys/unix"

// The requests that read and write the state of a terminal.
const (
	getState         = unix.TIOCGETA
	setState         = unix.TIOCSETA
	setStateAndFlush = unix.TIOCSETAF
)
