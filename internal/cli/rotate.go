package cli

import (
	"context"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/seed-1f7fdfb8/sops/internal/app/rekey"
)

func (r *run) rotate() *cli.Command {
	var o rekey.RotateOptions
	return &cli.Command{
		Name:      "rotate",
		Usage:     "give a file a new data key; add and remove master keys",
		ArgsUsage: "FILE",
		Description: `sops rotate -i prod.yaml
sops rotate -i --rm-kms arn:aws:kms:eu-west-1:111122223333:alias/old prod.yaml
sops rotate -i --add-age age1... prod.yaml

A removed key is known by its ARN or recipient alone; one that is not there is
an error. Who had the old data key can still read old copies of the file.`,
		Flags: join(r.common(&o.Common), types(&o.File), target(&o.Target),
			keyLists(&o.Add, "add-", "add"), keyLists(&o.Remove, "rm-", "remove"),
			[]cli.Flag{
				contextFlag(&o.EncryptionContext),
				toggle(&o.AcceptKeys, topicKeys, "accept-keys", "give the data key also to keys of the file that .sops.yaml does not name"),
			}, access(&o.Access)),
		Action: func(ctx context.Context, c *cli.Command) (err error) {
			if o.Path, err = r.file(c, true); err != nil {
				return err
			}
			if err = nameKeys(c); err != nil {
				return err
			}
			return rekey.Rotate(ctx, r.app, o)
		},
	}
}

// nameKeys refuses a flag for keys that names none, as with a variable that is
// not set: whoever removes a key relies on its going.
func nameKeys(c *cli.Command) error {
	for _, f := range c.Flags {
		name := f.Names()[0]
		changes := strings.HasPrefix(name, "add-") || strings.HasPrefix(name, "rm-")
		if changes && c.IsSet(name) && strings.Trim(c.String(name), ", ") == "" {
			return &usageError{msg: "flag --" + name + " names no key"}
		}
	}
	return nil
}
