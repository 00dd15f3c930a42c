package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/app/programs"
)

// A command that runs a program takes it as one line for the shell, as SOPS
// does, or after -- with its arguments. So for these commands it matters where
// the dashes are.

// runsProgram marks such a command.
const runsProgram = "runs a program"

func program() map[string]any { return map[string]any{runsProgram: true} }

// operands are the arguments of c that are no flags. Those of a program are set
// off by dashes.
func operands(c *cli.Command, p parsed) []string {
	if c.Metadata[runsProgram] == nil || len(p.positionals) == 0 || len(p.rest) == 0 {
		return append(p.positionals, p.rest...)
	}
	return slices.Concat(p.positionals, []string{"--"}, p.rest)
}

// programFlag adds to an error in the flags of c what to do if a flag is meant
// for the program.
func programFlag(c *cli.Command, args []string, err error) error {
	var usage *usageError
	if c.Metadata[runsProgram] != nil && errors.As(err, &usage) && !strings.HasPrefix(usage.hint, "did you mean") && slices.ContainsFunc(args, func(a string) bool { return !isFlag(a) }) {
		usage.hint = fmt.Sprintf("flags of the program go after --: sops %s FILE -- PROGRAM ARGUMENT", c.Name)
	}
	return err
}

// splitProgram tells files from what is to be run: FILE LINE, FILE -- LINE, or
// FILE... -- PROGRAM ARGUMENT...
func splitProgram(command string, args []string) (files []string, p programs.Program, err error) {
	var words []string
	if i := slices.Index(args, "--"); i > 0 {
		files, words = args[:i], args[i+1:]
	} else if len(args) == 2 {
		files, words = args[:1], args[1:]
	}
	switch len(words) {
	case 0:
		return nil, p, &usageError{
			msg:  command + " takes a file and a command",
			hint: fmt.Sprintf("sops %s FILE 'COMMAND', or sops %s FILE -- PROGRAM ARGUMENT", command, command),
		}
	case 1:
		return files, programs.Program{Line: words[0]}, nil
	}
	return files, programs.Program{Argv: words}, nil
}

// without leaves out the flag of that name.
func without(name string, flags []cli.Flag) []cli.Flag {
	return slices.DeleteFunc(flags, func(f cli.Flag) bool { return f.Names()[0] == name })
}

// execAccess are the flags about keys: nothing runs on values that the MAC does
// not cover.
func execAccess(o *app.Access) []cli.Flag {
	return join(without("ignore-mac", access(o)), opening(o))
}

const topicRun = "RUNNING"

// execFlags are those of both commands.
func execFlags(user *string, background *bool) []cli.Flag {
	return []cli.Flag{
		text(user, topicRun, "user", "become `USER`, with all groups, before the program starts; root can"),
		toggle(background, topicRun, "background", "start the program without input and output and do not wait for it (deprecated)"),
	}
}

func (r *run) execEnv() *cli.Command {
	var o programs.ExecEnvOptions
	return &cli.Command{
		Name:      "exec-env",
		Usage:     "run a program with decrypted values in its environment",
		ArgsUsage: "FILE 'COMMAND' | FILE... -- PROGRAM [ARGUMENT...]",
		Description: `sops exec-env app.env 'echo "$user"'
sops exec-env app.env -- printenv user
sops exec-env --flatten --upper app.env prod.yaml -- ./server --port 8080

COMMAND is a line for the shell, and so is a single word after --. More words are
a program with its arguments, without a shell. Of variables with the same name
the last counts: those of a later file, of a file, of the environment.`,
		Metadata: program(),
		Flags: join([]cli.Flag{
			toggle(&o.Names.Flatten, topicRun, "flatten", "make variables of values in maps and lists too: db_user, hosts_0"),
			text(&o.Names.Separator, topicRun, "separator", "put `S` between the parts of such a name (default _)"),
			toggle(&o.Names.Upper, topicRun, "upper", "write the names of variables in upper case"),
			text(&o.Names.Prefix, topicRun, "prefix", "put `P` before the name of each variable"),
			toggle(&o.Pristine, topicRun, "pristine", "hand on nothing of the environment of sops"),
			toggle(&o.SameProcess, topicRun, "same-process", "replace sops by the program, which is done in any case where the system can"),
			text(&o.InputType, topicFiles, "input-type", "read the files as `TYPE`: yaml, json, dotenv, ini, binary"),
		}, execFlags(&o.User, &o.Background), r.common(&o.Common), execAccess(&o.Access)),
		Action: func(ctx context.Context, c *cli.Command) (err error) {
			if o.Files, o.Program, err = splitProgram("exec-env", c.Args().Slice()); err != nil {
				return err
			}
			return programs.ExecEnv(ctx, r.app, o)
		},
	}
}

func (r *run) execFile() *cli.Command {
	var o programs.ExecFileOptions
	return &cli.Command{
		Name:      "exec-file",
		Usage:     "run a program with the name of a decrypted file",
		ArgsUsage: "FILE 'COMMAND' | FILE -- PROGRAM [ARGUMENT...]",
		Description: `sops exec-file prod.yaml 'grep user: {}'
sops exec-file --no-fifo --output-type json prod.yaml -- ./server --config {}

Each {} becomes the name of the file. It is a pipe, which can be read once; with
--no-fifo it is a file, in memory where there is a memory file system. It is
removed when the program ends. COMMAND is a line for the shell, and so is a
single word after --.`,
		Metadata: program(),
		Flags: join([]cli.Flag{
			toggle(&o.NoFIFO, topicRun, "no-fifo", "make a file, which can be read again and again, instead of a pipe"),
			text(&o.Filename, topicRun, "filename", "call it `NAME` (default tmp-file)"),
			text(&o.InputType, topicFiles, "input-type", "read the file as `TYPE`: yaml, json, dotenv, ini, binary"),
			text(&o.OutputType, topicFiles, "output-type", "give it to the program as `TYPE`"),
		}, execFlags(&o.User, &o.Background), r.common(&o.Common), execAccess(&o.Access)),
		Action: func(ctx context.Context, c *cli.Command) error {
			files, p, err := splitProgram("exec-file", c.Args().Slice())
			if err != nil {
				return err
			}
			if len(files) > 1 {
				return &usageError{msg: "exec-file takes one file", hint: "sops exec-file FILE -- PROGRAM ARGUMENT"}
			}
			o.Path, o.Program = files[0], p
			return programs.ExecFile(ctx, r.app, o)
		},
	}
}
