package cli

import (
	"context"
	"io"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/command"
	"github.com/seed-1f7fdfb8/sops/internal/envelope"
)

func (r *run) man() *command.Command {
	var dir string
	return &command.Command{
		Name:    "man",
		Summary: "print a manual page, or write all of them into a directory",
		Args:    "[COMMAND...]",
		Examples: `sops man decrypt > sops-decrypt.1
sops man --output-dir share/man/man1`,
		Help: `Without COMMAND it is the page of sops itself. man and mandoc show such a page:
sops man decrypt | man -l -`,
		Flags: []*command.Flag{
			command.String(&dir, topicFiles, "output-dir", "write every page into `DIR`"),
		},
		Run: func(_ context.Context, c *command.Call) error {
			pages := r.root().ManPages("sops "+envelope.Version,
				command.ManSection{Title: "ENVIRONMENT", Rows: variableRows()}, command.ManSection{Title: "EXIT STATUS", Rows: exitCodeRows()})
			if dir != "" {
				return command.WritePages(r.app.Abs(dir), pages)
			}
			name := strings.Join(append([]string{"sops"}, c.Args...), "-") + ".1"
			for _, page := range pages {
				if page.Name == name {
					_, err := io.WriteString(r.app.Stdout, page.Text)
					return err
				}
			}
			return &command.TopicError{Root: "sops", Topic: strings.Join(c.Args, " ")}
		},
	}
}
