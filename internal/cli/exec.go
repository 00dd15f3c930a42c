package cli

import (
	"context"
	"fmt"
	"slices"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/app/many"
	"github.com/seed-1f7fdfb8/sops/internal/app/programs"
	"github.com/seed-1f7fdfb8/sops/internal/command"
)

// splitProgram separates files from what is to be run: one line for the shell, as
// in SOPS, or a program with its arguments. The arguments are FILE LINE,
// FILE -- LINE, or FILE... -- PROGRAM ARGUMENT...
func splitProgram(c *command.Call) (files []string, p programs.Program, err error) {
	files, words := c.Args, c.Rest
	if len(words) == 0 && len(files) == 2 {
		files, words = files[:1], files[1:]
	}
	switch len(words) {
	case 0:
		name := c.Command.Name
		return nil, p, &command.UsageError{
			Msg:  name + " takes a file and a command",
			Hint: fmt.Sprintf("sops %s FILE 'COMMAND', or sops %s FILE -- PROGRAM ARGUMENT", name, name),
		}
	case 1:
		return files, programs.Program{Line: words[0]}, nil
	}
	return files, programs.Program{Argv: words}, nil
}

// without leaves out the flag of that name.
func without(name string, flags []*command.Flag) []*command.Flag {
	return slices.DeleteFunc(flags, func(f *command.Flag) bool { return f.Name == name })
}

// execAccess are the flags about keys: nothing runs on values that the MAC does
// not cover.
func execAccess(o *app.Access) []*command.Flag {
	return join(without("ignore-mac", access(o)), reading(o))
}

const topicRun = "RUNNING"

// execFlags are those of both commands.
func execFlags(user *string, background *bool) []*command.Flag {
	return []*command.Flag{
		command.String(user, topicRun, "user", "become `USER`, with all groups, before the program starts; root can"),
		command.Bool(background, topicRun, "background", "start the program without input and output and do not wait for it (deprecated)"),
	}
}

func (r *run) execEnv() *command.Command {
	var o programs.ExecEnvOptions
	s := many.Selection{Command: "exec-env"}
	return &command.Command{
		Name:    "exec-env",
		Summary: "run a program with decrypted values in its environment",
		Args:    "FILE 'COMMAND' | FILE... -- PROGRAM [ARGUMENT...]",
		Examples: `sops exec-env app.env 'echo "$user"'
sops exec-env app.env -- printenv user
sops exec-env --flatten --upper app.env prod.yaml -- ./server --port 8080`,
		Help: `COMMAND is a line for the shell, and so is a single word after --. More words are
a program with its arguments, without a shell. Of variables with the same name
the last counts: those of a later file, of a file, of the environment.`,
		Program: true,
		Flags: join([]*command.Flag{
			command.Bool(&o.Names.Flatten, topicRun, "flatten", "make variables of values in maps and lists too: db_user, hosts_0"),
			command.String(&o.Names.Separator, topicRun, "separator", "put `S` between the parts of such a name (default _)"),
			command.Bool(&o.Names.Upper, topicRun, "upper", "write the names of variables in upper case"),
			command.String(&o.Names.Prefix, topicRun, "prefix", "put `P` before the name of each variable"),
			command.Bool(&o.Pristine, topicRun, "pristine", "hand on nothing of the environment of sops"),
			command.Bool(&o.SameProcess, topicRun, "same-process", "replace sops by the program, which is done in any case where the system can"),
			inputType(&o.InputType, "files"),
		}, execFlags(&o.User, &o.Background), recursion(&s, "encrypted files"), r.common(&o.Common), execAccess(&o.Access)),
		Run: func(ctx context.Context, c *command.Call) (err error) {
			if o.Files, o.Program, err = splitProgram(c); err != nil {
				return err
			}
			if s.Paths = o.Files; s.Recursive {
				if o.Files, err = s.Names(ctx, r.app); err != nil {
					return err
				}
			}
			return programs.ExecEnv(ctx, r.app, o)
		},
	}
}

func (r *run) execFile() *command.Command {
	var o programs.ExecFileOptions
	s := many.Selection{Command: "exec-file", Apart: true}
	return &command.Command{
		Name:    "exec-file",
		Summary: "run a program with the name of a decrypted file",
		Args:    "FILE 'COMMAND' | FILE... -- PROGRAM [ARGUMENT...]",
		Examples: `sops exec-file prod.yaml 'grep user: {}'
sops exec-file --no-fifo --output-type json prod.yaml -- ./server --config {}
sops exec-file -r secrets/ -- ./server --config-directory {}`,
		Help: `Each {} becomes the name of the file. It is a pipe, which can be read once; with
--no-fifo it is a file, in memory where there is a memory file system. It is
removed when the program ends. Of several files {} is a directory that holds them.
COMMAND is a line for the shell, and so is a
single word after --.`,
		Program: true,
		Flags: join([]*command.Flag{
			command.Bool(&o.NoFIFO, topicRun, "no-fifo", "make a file, which can be read again and again, instead of a pipe"),
			command.String(&o.Filename, topicRun, "filename", "call it `NAME` (default tmp-file)"),
			inputType(&o.InputType, "file"),
			outputType(&o.OutputType, "give it to the program as `TYPE`"),
		}, execFlags(&o.User, &o.Background), recursion(&s, "encrypted files"), r.common(&o.Common), execAccess(&o.Access)),
		Run: func(ctx context.Context, c *command.Call) error {
			files, p, err := splitProgram(c)
			if err != nil {
				return err
			}
			o.Program = p
			if s.Paths = files; s.Recursive || len(files) > 1 {
				all, err := s.Files(ctx, r.app)
				if err != nil {
					return err
				}
				return programs.ExecFiles(ctx, r.app, o, all)
			}
			o.Path = files[0]
			return programs.ExecFile(ctx, r.app, o)
		},
	}
}
