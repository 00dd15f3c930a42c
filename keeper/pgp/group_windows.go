package pgp

import "os/exec"

// ownGroup leaves cmd as it is: there are no process groups to kill.
func ownGroup(*exec.Cmd) {}
