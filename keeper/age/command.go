package age

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/shlex"

	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/internal/helper"
)

// printed returns what commands have printed so far.
func (k *Keeper) printed() []*place {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.commands)
}

// runCommands runs the commands of the named variables, unless they have been
// run for this recipient, which is in their environment. The caller has the turn.
func (k *Keeper) runCommands(ctx context.Context, names []string, recipient string) {
	for _, name := range names {
		if slices.ContainsFunc(k.printed(), func(p *place) bool { return p.is(name, recipient) }) {
			continue
		}
		p := &place{name: name, recipient: recipient}
		out, err := k.runLine(ctx, env.Env(k.o.Env).Get(name), recipient)
		if ctx.Err() != nil {
			return // not the command's fault: the next call may run it again
		}
		if err != nil {
			p.notes = append(p.notes, err)
		} else {
			k.parse(p, out, "")
		}
		k.mu.Lock()
		k.commands = append(k.commands, p)
		k.mu.Unlock()
	}
}

// is reports whether p is what a command has printed for a recipient.
func (p *place) is(name, recipient string) bool { return p.name == name && p.recipient == recipient }

// runLine splits a command line without a shell and runs it.
func (k *Keeper) runLine(ctx context.Context, line, recipient string) ([]byte, error) {
	argv, err := shlex.Split(line)
	if err != nil {
		return nil, fmt.Errorf("the command line cannot be split: %w", err)
	}
	if len(argv) == 0 {
		return nil, errors.New("the command line is empty")
	}
	out, err := k.o.Run(ctx, argv, []string{varRecipient + "=" + recipient})
	if err != nil {
		return nil, fmt.Errorf("the command %q failed: %w", argv[0], err)
	}
	if len(bytes.TrimSpace(out)) == 0 {
		return nil, fmt.Errorf("the command %q printed nothing", argv[0])
	}
	return out, nil
}

// run runs a command for real. It gets no input, since ours may be the file.
func (o Options) run(ctx context.Context, argv, vars []string) ([]byte, error) {
	return helper.Output(ctx, helper.Program{Argv: argv, Env: append(env.All(), vars...), Stderr: o.Stderr})
}
