package atomicfile_test

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// smallDisk returns a child that works on a file system of 64 KB, mounted in
// namespaces of its own: that needs no root and leaves no mount. It also
// returns the reason why nothing more fits.
func smallDisk(t *testing.T, dir string) (*exec.Cmd, string) {
	t.Helper()
	cmd := child(t, "small disk", dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  unix.CLONE_NEWUSER | unix.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
	}
	return cmd, "no space left on device"
}

func rewriteOnSmallDisk(args []string) error {
	if err := unix.Mount("tmpfs", args[0], "tmpfs", 0, "size=64k"); err != nil {
		fmt.Print(noMount)
		return nil
	}
	return noRoom(args[0], args[1])
}
