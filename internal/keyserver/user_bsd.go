//go:build darwin || freebsd

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
	const solLocal = 0 // SOL_LOCAL
	var found *unix.Xucred
	err = raw.Control(func(fd uintptr) {
		found, _ = unix.GetsockoptXucred(int(fd), solLocal, unix.LOCAL_PEERCRED)
	})
	if err != nil || found == nil {
		return 0, 0, false
	}
	return int(found.Uid), os.Geteuid(), true
}
