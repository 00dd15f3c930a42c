package cli

import (
	"context"
	"io"

	"github.com/seed-1f7fdfb8/sops/internal/command"
)

func (r *run) completion() *command.Command {
	c := &command.Command{
		Name:    "completion",
		Summary: "print a completion script for a shell",
		Examples: `source <(sops completion bash)                                 # in ~/.bashrc
source <(sops completion zsh)                                  # in ~/.zshrc
sops completion fish > ~/.config/fish/completions/sops.fish
sops completion powershell                                     # for $PROFILE`,
	}
	for _, s := range command.CompletionScripts() {
		c.Commands = append(c.Commands, &command.Command{
			Name:     s.Shell,
			Summary:  "print the script for " + s.Shell,
			Examples: "sops completion " + s.Shell,
			Run: func(context.Context, *command.Call) error {
				_, err := io.WriteString(r.app.Stdout, s.Text)
				return err
			},
		})
	}
	return c
}
