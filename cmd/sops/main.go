// Command sops edits encrypted files.
package main

import (
	"context"
	"os"
	"runtime/debug"

	"github.com/seed-1f7fdfb8/sops/internal/cli"
)

func main() {
	// A run is short: memory is cheaper than collecting it.
	debug.SetGCPercent(400)
	os.Exit(cli.Main(context.Background(), os.Args, os.Stdin, os.Stdout, os.Stderr))
}
