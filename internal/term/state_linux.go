package term

import "golang.org/x/sys/unix"

// The requests that read and write the state of a terminal.
const (
	getState         = unix.TCGETS
	setState         = unix.TCSETS
	setStateAndFlush = unix.TCSETSF
)
