//go:build !linux

package term

import (
	"io"
	"os/exec"
	"strings"
)

// device asks the program tty, which every Unix has; Windows has neither it nor
// such names.
func device(f file) string {
	stream, ok := f.(io.Reader)
	if !ok {
		return ""
	}
	cmd := exec.Command("tty")
	cmd.Stdin = stream
	out, err := cmd.Output()
	name := strings.TrimSpace(string(out))
	if err != nil || !strings.HasPrefix(name, "/dev/") {
		return ""
	}
	return name
}
