package command_test

import (
	"context"
	"fmt"
	"os"

	"github.com/seed-1f7fdfb8/sops/internal/command"
)

func Example() {
	var output string
	var inPlace bool
	root := &command.Command{Name: "sops", Commands: []*command.Command{{
		Name: "decrypt", Summary: "decrypt a file", Args: "[FILE]", Examples: "sops decrypt prod.yaml",
		Flags: []*command.Flag{
			command.String(&output, "FILES", "output", "write the result to `FILE`"),
			command.Bool(&inPlace, "FILES", "in-place", "write the result over the file", "i"),
		},
		Run: func(_ context.Context, c *command.Call) error {
			fmt.Println(c.Args, output, inPlace)
			return nil
		},
	}}}
	call, err := root.Parse([]string{"-i", "decrypt", "prod.yaml", "--output", "plain.yaml"})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := call.Apply(); err != nil {
		fmt.Println(err)
		return
	}
	_ = call.Command.Run(context.Background(), call)
	root.Complete(context.Background(), os.Stdout, []string{"dec", "--generate-shell-completion=described"})
	// Output:
	// [prod.yaml] plain.yaml true
	// decrypt:decrypt a file
}
