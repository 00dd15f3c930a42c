package cli

import (
	"context"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/app/content"
	"github.com/seed-1f7fdfb8/sops/internal/app/many"
	"github.com/seed-1f7fdfb8/sops/internal/command"
	"github.com/seed-1f7fdfb8/sops/internal/discover"
)

func (r *run) decrypt() *command.Command {
	var o content.DecryptOptions
	s := many.Selection{Command: "decrypt"}
	extract := command.String(&o.Extract, topicFiles, "extract", "print only the value at `PATH`, such as '[\"a\"][0]'")
	extract.Values = r.paths
	return &command.Command{
		Name:    "decrypt",
		Summary: "decrypt files",
		Args:    "[FILE...]",
		Examples: `sops decrypt prod.yaml
sops decrypt --extract '["db"]["password"]' prod.yaml
sops decrypt --aws-profile work prod.yaml
sops decrypt -r --output-dir /run/secrets secrets/`,
		Help: `Without FILE standard input is read. Nothing is printed unless all of it is
sound. Several files need -i or --output-dir; with -r --dry-run the command finds
out whether all of them can be decrypted.`,
		Flags: join(r.common(&o.Common), types(&o.File), target(&o.Target), recursion(&s, "encrypted files"), access(&o.Access), reading(&o.Access), []*command.Flag{
			extract, intoDirectory(&s), r.dryRun(),
		}),
		Run: func(ctx context.Context, c *command.Call) (err error) {
			if s.Paths, err = paths(c); err != nil {
				return err
			}
			j := many.Job{Done: "decrypted"}
			if !o.InPlace && s.Directory == "" {
				j.Same = "can be decrypted"
			}
			return r.eachInto(ctx, c, s, o.Target, j, func(ctx context.Context, a *app.App, f discover.File, to app.Target) error {
				o := o
				o.Path, o.Target = f.Path, to
				return content.Decrypt(ctx, a, o)
			})
		},
	}
}
