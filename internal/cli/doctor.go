package cli

import (
	"context"

	"github.com/seed-1f7fdfb8/sops/internal/app/doctor"
	"github.com/seed-1f7fdfb8/sops/internal/command"
)

func (r *run) doctor() *command.Command {
	var o doctor.Options
	return &command.Command{
		Name:    "doctor",
		Summary: "report why files can be decrypted here or cannot, key by key",
		Args:    "FILE...",
		Examples: `sops doctor prod.yaml
sops doctor --json prod.yaml | jq '.keys[].aws.attempts[].hint'`,
		Help: `Walks each master key step by step: profile, credentials, caller, role, state of
the key, permission to decrypt. What failed comes with what would repair it. No
value is shown and nothing is changed. With --json each file is one object.`,
		Flags: join(r.common(&o.Common), []*command.Flag{
			inputType(&o.InputType, "files"),
			contextFlag(&o.Context, contextOfFile),
		}, access(&o.Access)),
		Run: func(ctx context.Context, c *command.Call) error {
			if o.Files = c.Args; len(o.Files) == 0 {
				return &noFileError{}
			}
			return doctor.Run(ctx, r.app, o)
		},
	}
}
