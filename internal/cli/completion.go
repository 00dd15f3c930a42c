package cli

import (
	"context"
	"io"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/app/content"
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

// paths offers the paths inside the file that args name, if there is no path
// after it yet. Mistakes are no answer to a shell.
func (r *run) paths(ctx context.Context, args []string) []command.Candidate {
	if len(args) != 1 {
		return nil
	}
	file := strings.Trim(args[0], `'"`) // bash hands on what was typed
	all, err := content.Paths(ctx, r.app, app.File{Path: file})
	if err != nil {
		return nil
	}
	var out []command.Candidate
	for _, path := range all {
		out = append(out, command.Candidate{Word: path.String(), Meaning: "path"})
	}
	return out
}
