package cli

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/internal/suggest"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/kinds"
)

// Before it had subcommands, sops was one command with mode flags:
//
//	sops FILE            edit        sops -e FILE     encrypt
//	sops -d FILE         decrypt     sops -r FILE     rotate
//	sops --set 'INDEX VALUE' FILE    set
//
// Scripts and editors still call it so. This file alone knows; it turns the
// old form into the new one.

// modes are the flags that choose a command in the old form, each named as its
// command. Of several the last in this order wins, as it always did.
func modes() []string { return []string{"encrypt", "decrypt", "rotate", "set"} }

// A call is what arguments ask for.
type call struct {
	version bool
	help    bool
	words   []string // of the command, or of the topic of help
	args    []string // for the command: --flag=value ... -- positionals
}

// A world is what the meaning of arguments depends on beside themselves.
type world struct {
	warn   func(msg string)
	exists func(name string) bool
}

// translate reads the arguments. Root flags that stand before a command move
// behind it if the command has them, and are refused if not: nothing is
// accepted and ignored.
func translate(root *cli.Command, args []string, w world) (call, error) {
	p, err := rootFlags(root).parse("sops", args, true)
	switch {
	case err != nil:
		return call{}, err
	case p.has("help"):
		return call{help: true, words: commandWords(root, p.rest)}, nil
	case p.has("version"):
		return call{version: true}, nil
	case len(p.rest) == 0 || p.dashes:
		return oldForm(root, p, w)
	}
	if word := p.rest[0]; word == "help" || word == "h" {
		return call{help: true, words: p.rest[1:]}, nil
	}
	if c := root.Command(p.rest[0]); c != nil {
		return subcommand(c, nil, p.tokens, p.rest[1:])
	}
	return oldForm(root, p, w)
}

// commandWords returns the beginning of args that names a command.
func commandWords(root *cli.Command, args []string) []string {
	c := root
	for i, word := range args {
		if c = c.Command(word); c == nil {
			return args[:i]
		}
	}
	return args
}

// rootFlags are all flags of all commands: the old form takes any of them.
func rootFlags(root *cli.Command) flagSet {
	all := flagSet{}
	for _, c := range root.Commands {
		for name, f := range commandFlags(c) {
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

// commandFlags are the flags of a command, with the one that all have.
func commandFlags(c *cli.Command) flagSet {
	set := flagsOf(c.Flags)
	help := &cli.BoolFlag{Name: "help", Aliases: []string{"h"}, Hidden: true}
	for _, name := range help.Names() {
		set[name] = help
	}
	return set
}

// subcommand reads the arguments of the command c, which stands below above.
func subcommand(c *cli.Command, above []string, before []token, args []string) (call, error) {
	words := append(above[:len(above):len(above)], c.Name)
	nested := len(c.Commands) > 0
	set := commandFlags(c)
	p, err := set.parse("sops "+strings.Join(words, " "), args, nested)
	switch {
	case err != nil:
		return call{}, programFlag(c, args, err)
	case p.has("help"), nested && len(p.rest) == 0:
		return call{help: true, words: words}, nil
	case nested:
		sub := c.Command(p.rest[0])
		if sub == nil {
			return call{}, &topicError{strings.Join(append(words, p.rest[0]), " ")}
		}
		return subcommand(sub, words, before, p.rest[1:])
	}
	tokens, err := adopt(set, before, func(flag string) error {
		return &usageError{
			msg:  fmt.Sprintf("flag --%s stands before the command %s, which does not have it", flag, c.Name),
			hint: fmt.Sprintf("leave it out, or see: sops %s --help", strings.Join(words, " ")),
		}
	})
	if err != nil {
		return call{}, err
	}
	return call{words: words, args: arguments(append(tokens, p.tokens...), operands(c, p))}, nil
}

// adopt returns before as flags of the command that has set; refuse makes the
// error for one that the command does not have, or none if it is left out.
func adopt(set flagSet, before []token, refuse func(flag string) error) ([]token, error) {
	var out []token
	for _, t := range before {
		name := t.flag.Names()[0]
		switch own := set[name]; {
		case own != nil:
			out = append(out, token{own, t.value})
		case !isNoOp(name):
			if err := refuse(name); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// isNoOp reports whether a flag is accepted and means nothing to a command: we
// never look for updates, and help that is not wanted is none.
func isNoOp(name string) bool {
	return slices.Contains([]string{"disable-version-check", "check-for-updates", "help", "version"}, name)
}

func arguments(tokens []token, positionals []string) []string {
	out := make([]string, 0, len(tokens)+1+len(positionals))
	for _, t := range tokens {
		if !isNoOp(t.flag.Names()[0]) {
			out = append(out, t.canonical())
		}
	}
	out = append(out, "--")
	return append(out, positionals...)
}

// oldForm reads arguments that name no command.
func oldForm(root *cli.Command, p parsed, w world) (call, error) {
	m, err := chooseMode(p.tokens, w.warn)
	if err != nil {
		return call{}, err
	}
	if err := mistyped(root, p, m, w.exists); err != nil {
		return call{}, err
	}
	c := root.Command(m.command)
	on := func(flag string) bool {
		return slices.ContainsFunc(p.tokens, func(t token) bool { return t.flag.Names()[0] == flag && t.value == "true" })
	}
	tokens, err := adopt(commandFlags(c), m.others, func(flag string) error {
		msg := fmt.Sprintf("flag --%s has no meaning for sops %s", flag, c.Name)
		if !isOldFlag(flag) {
			return &usageError{msg: msg, hint: fmt.Sprintf("leave it out, or see: sops %s --help", c.Name)}
		}
		if on("verbose") {
			w.warn(msg + " and is not used")
		}
		return nil
	})
	if err != nil {
		return call{}, err
	}
	given := slices.Clone(tokens)
	tokens = slices.DeleteFunc(tokens, func(t token) bool { return unused(c.Name, t.flag.Names()[0], given) })
	if len(p.rest) == 0 {
		return call{}, &noFileError{}
	}
	if len(p.rest) > 1 {
		return call{}, tooMany(c.Name, on("in-place"), p.rest)
	}
	return call{words: []string{c.Name}, args: arguments(tokens, append([]string{p.rest[0]}, m.operands...))}, nil
}

// A mode is what the mode flags of the old form ask for.
type mode struct {
	command  string
	operands []string // behind the file
	others   []token  // flags that choose no mode
	chosen   bool
}

// isOldFlag reports whether SOPS 3.13.3 takes a flag in the old form, where each
// flag goes with each mode, whether the mode has a use for it or not: editors
// and wrappers pass one list of flags for all they do.
func isOldFlag(name string) bool {
	for _, prefix := range []string{"add-", "rm-"} {
		if keys, ok := strings.CutPrefix(name, prefix); ok {
			name = keys
		}
	}
	isKeys := func(k *keeper.Kind) bool { return k.Flag == name }
	return slices.ContainsFunc(kinds.All(), isKeys) || slices.Contains([]string{
		"aws-profile", "encryption-context", "shamir-secret-sharing-threshold",
		"unencrypted-suffix", "encrypted-suffix", "unencrypted-regex", "encrypted-regex",
		"unencrypted-comment-regex", "encrypted-comment-regex", "mac-only-encrypted",
		"in-place", "output", "input-type", "output-type", "filename-override", "extract",
		"ignore-mac", "show-master-keys", "decryption-order", "keyservice", "enable-local-keyservice",
		"config", "indent", "verbose",
	}, name)
}

// unused reports whether the old form has no use for a flag of the command, which
// the new form refuses where it is without an effect.
func unused(command, flag string, all []token) bool {
	switch {
	case flag == "shamir-secret-sharing-threshold":
		return command == "set"
	case flag != "encryption-context":
		return false
	case command == "rotate":
		return !slices.ContainsFunc(all, func(t token) bool { return t.flag.Names()[0] == "add-kms" || t.flag.Names()[0] == "rm-kms" })
	}
	return command == "decrypt" || command == "set"
}

// chooseMode chooses by the mode flags.
func chooseMode(tokens []token, warn func(string)) (mode, error) {
	m := mode{command: "edit"}
	given := map[string]string{}
	for _, t := range tokens {
		name := t.flag.Names()[0]
		switch {
		case !slices.Contains(modes(), name):
			m.others = append(m.others, t)
		case name == "set" || t.value == "true":
			given[name] = t.value
		}
	}
	for _, name := range modes() {
		if _, ok := given[name]; ok {
			m.command, m.chosen = name, true
		}
	}
	if len(given) > 1 {
		warn("more than one mode flag was given; the mode is " + m.command)
	}
	if m.command == "set" {
		index, value, err := splitSet(given["set"])
		if err != nil {
			return m, err
		}
		m.operands = []string{index, value}
	}
	return m, nil
}

// mistyped finds words that would be taken for files to edit, although they were
// meant as commands: an editor on a new file is no answer, and in a job
// without a terminal it hangs. A new file has an extension or a directory in its name;
// any other is made with "sops edit".
func mistyped(root *cli.Command, p parsed, m mode, exists func(string) bool) error {
	if m.chosen || p.dashes || len(p.rest) == 0 {
		return nil
	}
	word := p.rest[0]
	if slices.Contains(notYet(), word) {
		return &usageError{msg: fmt.Sprintf("the command %s of SOPS is not here yet", word)}
	}
	if exists(word) || len(p.rest) == 1 && (filepath.Ext(word) != "" || strings.ContainsAny(word, `/\`)) {
		return nil
	}
	e := &usageError{msg: fmt.Sprintf("sops has no command %q, and there is no such file", word), hint: "see: sops --help"}
	var names []string
	for _, c := range root.Commands {
		names = append(names, c.Name)
	}
	if near := suggest.Closest(word, names); word == "version" {
		e.hint = "sops --version"
	} else if near != "" {
		e.hint = "did you mean: sops " + near + "?"
	} else if len(p.rest) == 1 && !isFlag(word) {
		e.hint = "to make a new file of that name: sops edit " + hint.Path(word)
	}
	return e
}

// notYet are commands of SOPS that must not be taken for files to edit.
func notYet() []string { return []string{"publish", "keyservice"} }

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

type noNameError struct{}

func (*noNameError) Error() string { return "the name of the file is empty" }
func (*noNameError) ExitCode() int { return 100 }

type noFileError struct{}

func (*noFileError) Error() string   { return "no file specified" }
func (*noFileError) ExitCode() int   { return 100 }
func (*noFileError) Hints() []string { return []string{"see: sops --help"} }
