//go:build unix && !linux

package cli_test

import (
	"fmt"
	"os"
)

// noFlock fails: there is no way to refuse one system call here.
func noFlock() {
	fmt.Fprintln(os.Stderr, "noflock: only on Linux")
	os.Exit(1)
}
