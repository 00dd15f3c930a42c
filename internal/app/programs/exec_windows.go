package programs

import (
	"errors"
	"os"
	"os/exec"
)

// shell is the command that runs a line.
func shell(line string) []string { return []string{"cmd.exe", "/C", line} }

// canReplace reports whether a process can become another program.
const canReplace = false

func replace(*exec.Cmd) error { return errors.ErrUnsupported }

func become(string) ([]string, error) {
	return nil, errors.New("Windows cannot run a program as another user this way")
}

// relayed are the signals that a program gets which are sent to this process.
func relayed() []os.Signal { return []os.Signal{os.Interrupt} }

// typed is true: only the console sends signals, and to all of its programs.
func typed(os.Signal) bool { return true }

func endLike(*ChildExit) {}

// longest is no limit: the system has one for all variables together.
func longest() int { return 0 }

// inheritedFile is empty: a program cannot open by name what it inherits.
const inheritedFile = ""
