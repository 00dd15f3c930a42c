package keyserver

import (
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// userOf returns the user that runs the program at the other end, and the one
// that runs this.
func userOf(c *net.UnixConn) (uid, self int, known bool) {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, 0, false
	}
	var found *unix.Ucred
	err = raw.Control(func(fd uintptr) {
		found, _ = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	})
	if err != nil || found == nil {
		return 0, 0, false
	}
	return int(found.Uid), os.Geteuid(), true
}
