//go:build unix

package postgrestest

import (
	"os"
	"os/exec"
	"syscall"
)

// other is the user that PostgreSQL gets where the tests run as root, which it
// refuses to be.
const other = 65534

func giveAway(paths ...string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	for _, path := range paths {
		if err := os.Chown(path, other, other); err != nil {
			return err
		}
	}
	return nil
}

func asOther(cmd *exec.Cmd) {
	if os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: other, Gid: other}}
	}
}
