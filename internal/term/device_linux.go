package term

import (
	"fmt"
	"os"
	"strings"
)

func device(f file) string {
	name, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", f.Fd()))
	if err != nil || !strings.HasPrefix(name, "/dev/") {
		return ""
	}
	return name
}
