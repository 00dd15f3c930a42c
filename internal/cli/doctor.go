package cli

import (
	"context"

	"github.com/urfave/cli/v3"

	"github.com/seed-1f7fdfb8/sops/internal/app/doctor"
)

func (r *run) doctor() *cli.Command {
	var o doctor.Options
	return &cli.Command{
		Name:      "doctor",
		Usage:     "say why files open or do not open here, key by key",
		ArgsUsage: "FILE...",
		Description: `sops doctor prod.yaml
sops doctor --json prod.yaml | jq '.keys[].aws.attempts[].hint'

Walks each master key step by step: profile, credentials, caller, role, state of
the key, permission to decrypt. What failed comes with what would mend it. No
value is shown and nothing is changed. With --json each file is one object.`,
		Flags: join(r.common(&o.Common), []cli.Flag{
			text(&o.InputType, topicFiles, "input-type", "read the files as `TYPE`: yaml, json, dotenv, ini, binary"),
			text(&o.Context, topicAWS, "encryption-context", "the context of AWS keys that the file gives none: `K:V,K2:V2` or a JSON object (SOPS_KMS_ENCRYPTION_CONTEXT)"),
		}, access(&o.Access)),
		Action: func(ctx context.Context, c *cli.Command) error {
			if o.Files = c.Args().Slice(); len(o.Files) == 0 {
				return &noFileError{}
			}
			return doctor.Run(ctx, r.app, o)
		},
	}
}
