package cli

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v3"
)

// Before it had subcommands, sops was one command with mode flags:
//
//	sops FILE            edit        sops -e FILE     encrypt
//	sops -d FILE         decrypt     sops -r FILE     rotate
//	sops --set 'INDEX VALUE' FILE    set
//
// Scripts and editors still call it so. This file alone knows; it turns the
// old form into the new one.

// modes are the flags that choose a command in the old form.
var modeCommands = []struct{ flag, command string }{
	{"encrypt", "encrypt"}, {"decrypt", "decrypt"}, {"rotate", "rotate"}, {"set", "set"},
}

// translate returns the arguments in the form COMMAND --flag=value ... --
// positionals. Root flags that stand before a command move behind it if the
// command has them, and are refused if not: nothing is accepted and ignored.
func translate(root *cli.Command, args []string, warn func(string)) (command string, out []string, err error) {
	all := rootFlags(root)
	p, err := all.parse("sops", args, true)
	if err != nil {
		return "", nil, err
	}
	if len(p.rest) > 0 && !p.dashes {
		if c := root.Command(p.rest[0]); c != nil {
			return subcommand(root, c, p.tokens, p.rest[1:])
		}
	}
	return oldForm(root, p, warn)
}

// rootFlags are all flags of all commands: the old form takes any of them.
func rootFlags(root *cli.Command) flagSet {
	all := flagSet{}
	for _, c := range root.Commands {
		for name, f := range flagsOf(c.Flags) {
			if all[name] == nil {
				all[name] = f
			}
		}
	}
	for name, f := range flagsOf(root.Flags) {
		all[name] = f
	}
	return all
}

func subcommand(root, c *cli.Command, before []token, args []string) (string, []string, error) {
	if c.Name == "completion" {
		return c.Name, args, nil
	}
	if len(c.Commands) > 0 {
		return nested(root, c, before, args)
	}
	set := flagsOf(c.Flags)
	p, err := set.parse("sops "+c.Name, args, false)
	if err != nil {
		return "", nil, err
	}
	tokens, err := adopt(c, set, before, root)
	if err != nil {
		return "", nil, err
	}
	return c.Name, arguments(append(tokens, p.tokens...), append(p.positionals, p.rest...)), nil
}

// nested goes on with a command of a command.
func nested(root, c *cli.Command, before []token, args []string) (string, []string, error) {
	if len(args) > 0 {
		if sub := c.Command(args[0]); sub != nil {
			name, out, err := subcommand(root, sub, before, args[1:])
			return c.Name, append([]string{name}, out...), err
		}
		return "", nil, &topicError{c.Name + " " + args[0]}
	}
	return "help", []string{c.Name}, nil
}

// adopt gives a command the flags that stood before its name.
func adopt(c *cli.Command, set flagSet, before []token, root *cli.Command) ([]token, error) {
	var out []token
	for _, t := range before {
		own := set[t.name]
		if own == nil {
			if isNoOp(t.name) {
				continue
			}
			return nil, &usageError{
				msg:  fmt.Sprintf("flag --%s stands before the command %s, which does not have it", t.name, c.Name),
				hint: fmt.Sprintf("leave it out, or see: sops %s --help", c.Name),
			}
		}
		out = append(out, token{own, t.name, t.value})
	}
	return out, nil
}

// isNoOp reports whether a flag is accepted and means nothing, as we never look
// for updates.
func isNoOp(name string) bool { return name == "disable-version-check" || name == "check-for-updates" }

func arguments(tokens []token, positionals []string) []string {
	out := make([]string, 0, len(tokens)+1+len(positionals))
	for _, t := range tokens {
		out = append(out, t.canonical())
	}
	out = append(out, "--")
	return append(out, positionals...)
}

// oldForm chooses the command by its mode flag; the last of several wins.
func oldForm(root *cli.Command, p parsed, warn func(string)) (string, []string, error) {
	command, setText := "edit", ""
	var tokens []token
	modes := map[string]bool{}
	for _, t := range p.tokens {
		mode := modeOf(t)
		if mode == "" {
			tokens = append(tokens, t)
			continue
		}
		if t.value == "false" && mode != "set" {
			continue
		}
		modes[mode] = true
		if mode == "set" {
			setText = t.value
		}
	}
	for _, m := range modeCommands {
		if modes[m.command] {
			command = m.command
		}
	}
	if len(modes) > 1 {
		warn("more than one mode flag was given; the mode is " + command)
	}
	positionals := p.rest
	if len(positionals) > 1 {
		warn("more than one file was given; only the first is used")
		for _, extra := range positionals[1:] {
			if isFlag(extra) {
				warn(fmt.Sprintf("%q stands behind the file and is ignored; flags go before it", extra))
				break
			}
		}
		positionals = positionals[:1]
	}
	if command == "set" {
		index, value, err := splitSet(setText)
		if err != nil {
			return "", nil, err
		}
		positionals = append(positionals, index, value)
	}
	c := root.Command(command)
	tokens, err := adopt(c, flagsOf(c.Flags), tokens, root)
	if err != nil {
		return "", nil, err
	}
	if len(positionals) == 0 {
		return "", nil, &noFileError{}
	}
	return command, arguments(tokens, positionals), nil
}

func modeOf(t token) string {
	name := t.flag.Names()[0]
	for _, m := range modeCommands {
		if m.flag == name {
			return m.command
		}
	}
	return ""
}

// splitSet splits 'INDEX VALUE' behind the first bracket with a blank.
func splitSet(text string) (index, value string, err error) {
	index, value, ok := strings.Cut(text, "] ")
	if !ok {
		return "", "", &setError{}
	}
	return index + "]", value, nil
}

type setError struct{}

func (*setError) Error() string   { return `--set: not of the form '["key"] "value"'` }
func (*setError) ExitCode() int   { return 7 }
func (*setError) Hints() []string { return []string{`sops set FILE '["key"]' '"value"'`} }

type noFileError struct{}

func (*noFileError) Error() string   { return "no file specified" }
func (*noFileError) ExitCode() int   { return 100 }
func (*noFileError) Hints() []string { return []string{"see: sops --help"} }
