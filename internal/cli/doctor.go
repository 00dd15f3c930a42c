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
		Args:    "[FILE...]",
		Examples: `sops doctor prod.yaml
sops doctor --identity
sops doctor --json prod.yaml | jq '.keys[].aws.attempts[].hint'`,
		Help: `Walks each master key step by step: profile, credentials, caller, role, state of
the key, permission to decrypt. What failed comes with what would repair it. No
value is shown and nothing is changed. With --json each file is one object.
With --identity it shows who this machine is to AWS, and why.`,
		Flags: join(r.common(&o.Common), []*command.Flag{
			inputType(&o.InputType, "files"),
			command.Bool(&o.Identity, topicAWS, "identity", "show which identity of AWS is used where no file asks for another, and why"),
			command.String(&o.Context, topicAWS, "encryption-context", "the context of AWS keys that the file gives none: `K:V,K2:V2` or a JSON object (SOPS_KMS_ENCRYPTION_CONTEXT)"),
		}, access(&o.Access)),
		Run: func(ctx context.Context, c *command.Call) error {
			if o.Files = c.Args; len(o.Files) == 0 && !o.Identity {
				return &noFileError{}
			}
			return doctor.Run(ctx, r.app, o)
		},
	}
}
