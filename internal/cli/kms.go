package cli

import (
	"context"

	"github.com/seed-1f7fdfb8/sops/internal/app/setup"
	"github.com/seed-1f7fdfb8/sops/internal/command"
)

func (r *run) kms() *command.Command {
	return &command.Command{
		Name:     "kms",
		Summary:  "print the AWS policies that files need",
		Examples: `sops kms policy prod.yaml`,
		Commands: []*command.Command{r.kmsPolicy()},
	}
}

func (r *run) kmsPolicy() *command.Command {
	var o setup.PolicyOptions
	return &command.Command{
		Name:    "policy",
		Summary: "print the role, trust and key policies that files need",
		Args:    "[FILE]",
		Examples: `sops kms policy prod.yaml
sops kms policy --encryption-context app:web \
  --kms arn:aws:kms:eu-west-1:111122223333:alias/prod
sops kms policy --only key --principal arn:aws:iam::111122223333:role/web \
  prod.yaml > policy.json`,
		Help: `Of an encrypted file its keys count, of any other those of the creation rule.
Nothing is called. Encryption contexts become conditions.`,
		Flags: join(r.common(&o.Common), []*command.Flag{
			command.String(&o.KMS, topicKeys, "kms", "for these AWS KMS keys: `ARN[+ROLE],...`", "k"),
			contextFlag(&o.EncryptionContext, contextOfKeys),
			command.List(&o.Principals, topicAWS, "principal", "the user of keys that name no role: `ARN`; repeatable"),
			command.Bool(&o.ReadOnly, topicAWS, "read-only", "allow to decrypt, not to encrypt"),
			command.String(&o.Only, topicAWS, "only", "print one `KIND` as bare JSON: identity, caller, trust, key"),
		}),
		Run: func(ctx context.Context, c *command.Call) (err error) {
			if o.Path, err = file(c, false); err != nil {
				return err
			}
			return setup.Policy(ctx, r.app, o)
		},
	}
}
