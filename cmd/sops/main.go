// Command sops edits encrypted files.
package main

import (
	"os"

	"github.com/seed-1f7fdfb8/sops/internal/cli"
)

func main() { os.Exit(cli.Main(os.Args, os.Stdin, os.Stdout, os.Stderr)) }
