package cli

import (
	"context"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/app/content"
	"github.com/seed-1f7fdfb8/sops/internal/app/many"
	"github.com/seed-1f7fdfb8/sops/internal/command"
	"github.com/seed-1f7fdfb8/sops/internal/discover"
)

func (r *run) encrypt() *command.Command {
	var o content.EncryptOptions
	s := many.Selection{Command: "encrypt -i"}
	return &command.Command{
		Name:    "encrypt",
		Summary: "encrypt files",
		Args:    "[FILE...]",
		Examples: `sops encrypt -i --kms arn:aws:kms:eu-west-1:111122223333:alias/prod prod.yaml
sops encrypt --age age1... .env > .env.enc
sops encrypt --onto prod.enc.yaml prod.yaml
sops encrypt -i -r secrets/
cat prod.yaml | sops encrypt --filename-override prod.yaml`,
		Help: `Without key flags the first matching creation rule of .sops.yaml counts. Without
FILE standard input is read. With -r the files are those that a creation rule names,
by a path_regex or by being YAML, JSON, dotenv or INI; what is encrypted already
stays as it is.`,
		Flags: join(r.common(&o.Common), types(&o.File), target(&o.Target), recursion(&s, "files to encrypt"), creation(&o.Creation), identity(&o.Access), []*command.Flag{
			command.Bool(&o.AllowPartial, topicKeys, "allow-partial", "leave out keys that cannot be wrapped, with a warning for each"),
			command.Bool(&o.AllowEncrypted, topicFiles, "allow-encrypted", "encrypt also a file that holds encrypted values, once more"),
			command.String(&o.Onto, topicFiles, "onto", "give the content to the encrypted `FILE`: what is the same keeps its ciphertext"),
			command.Bool(&o.FollowFile, topicFiles, "follow-file", "leave unencrypted what the rule in the file leaves so, though .sops.yaml encrypts it"),
			command.Bool(&o.AcceptKeys, topicKeys, "accept-keys", "with --onto: encrypt also for keys of that file that nothing vouches for"),
			intoDirectory(&s), r.dryRun(),
		}),
		Run: func(ctx context.Context, c *command.Call) (err error) {
			if s.Paths, err = paths(c); err != nil {
				return err
			}
			if o.Onto != "" && (s.Recursive || len(s.Paths) > 1) {
				return app.Fail(app.Conflict, "give one file", "--onto names the one file that gets the content")
			}
			s.Wants = func(a *app.App, f discover.File) bool { return content.ToEncrypt(a, o, f) }
			return r.eachInto(ctx, c, s, o.Target, many.Job{Done: "encrypted", Same: "encrypted already"}, func(ctx context.Context, a *app.App, f discover.File, to app.Target) error {
				o := o
				o.Path, o.Target = f.Path, to
				return content.EncryptFound(ctx, a, o, f)
			})
		},
	}
}
