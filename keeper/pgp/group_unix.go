//go:build unix

package pgp

import (
	"os/exec"
	"syscall"
)

// ownGroup makes cmd the leader of a process group that is killed as a whole:
// what SOPS_GPG_EXEC names may be a script, whose gpg would live on.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
