package cli

import (
	"context"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/app/many"
	"github.com/seed-1f7fdfb8/sops/internal/app/rekey"
	"github.com/seed-1f7fdfb8/sops/internal/command"
	"github.com/seed-1f7fdfb8/sops/internal/discover"
)

func (r *run) rotate() *command.Command {
	var o rekey.RotateOptions
	s := many.Selection{Command: "rotate -i"}
	return &command.Command{
		Name:    "rotate",
		Summary: "give files a new data key; add and remove master keys",
		Args:    "FILE...",
		Examples: `sops rotate -i prod.yaml
sops rotate -i --rm-kms arn:aws:kms:eu-west-1:111122223333:alias/old prod.yaml
sops rotate -i --add-age age1... prod.yaml
sops rotate -i -r secrets/`,
		Help: `A removed key is known by its ARN or recipient alone; one that is not there is
an error. A key that cannot be used ends the rotation, unless --allow-partial
leaves it out. The old data key can still decrypt old copies of the file.`,
		Flags: join(r.common(&o.Common), types(&o.File), target(&o.Target), recursion(&s, "encrypted files"),
			keyLists(&o.Add, "add-", "add"), keyLists(&o.Remove, "rm-", "remove"),
			[]*command.Flag{
				contextFlag(&o.EncryptionContext, contextOfKeys),
				command.Bool(&o.AllowPartial, topicKeys, "allow-partial", "leave out keys that cannot be wrapped, with a warning for each"),
				command.Bool(&o.AcceptKeys, topicKeys, "accept-keys", "give the data key also to keys of the file that .sops.yaml does not name"),
				r.dryRun(),
			}, access(&o.Access)),
		Run: func(ctx context.Context, c *command.Call) (err error) {
			if s.Paths, err = paths(c); err != nil {
				return err
			}
			if len(s.Paths) == 0 {
				return noFile()
			}
			if err = nameKeys(c); err != nil {
				return err
			}
			return r.eachInto(ctx, c, s, o.Target, many.Job{Done: "rotated"}, func(ctx context.Context, a *app.App, f discover.File, to app.Target) error {
				o := o
				o.Path, o.Target = f.Path, to
				return rekey.Rotate(ctx, a, o)
			})
		},
	}
}

// nameKeys refuses a flag for keys that names none, as with a variable that is
// not set: a key that is to be removed would stay.
func nameKeys(c *command.Call) error {
	for _, s := range c.Settings {
		if changesKeys(s) && strings.Trim(s.Value, ", ") == "" {
			return &command.UsageError{Msg: "flag --" + s.Flag.Name + " names no key"}
		}
	}
	return nil
}

// changesKeys reports whether a flag adds or removes keys.
func changesKeys(s command.Setting) bool {
	return strings.HasPrefix(s.Flag.Name, "add-") || strings.HasPrefix(s.Flag.Name, "rm-")
}
