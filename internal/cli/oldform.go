package cli

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/command"
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

// A world is what the meaning of arguments depends on beside themselves.
type world struct {
	warn   func(msg string)
	exists func(name string) bool
}

// parse reads the arguments, in the new form and in the old one.
func parse(root *command.Command, args []string, w world) (*command.Call, error) {
	c, err := root.Parse(args)
	if err != nil || c.Help || c.Version || c.Command != root {
		return c, err
	}
	return oldForm(root, c, w)
}

// oldForm makes a call of a command of arguments that name none.
func oldForm(root *command.Command, line *command.Call, w world) (*command.Call, error) {
	m, err := chooseMode(line.Settings, w.warn)
	if err != nil {
		return nil, err
	}
	if err := mistyped(root, line, m, w.exists); err != nil {
		return nil, err
	}
	c := &command.Call{Command: root.Find(m.command), Words: []string{m.command}}
	c.Settings, err = c.Command.Adopt(m.others, func(flag string) error {
		msg := fmt.Sprintf("flag --%s has no meaning for sops %s", flag, m.command)
		if !isOldFlag(flag) {
			return &command.UsageError{Msg: msg, Hint: fmt.Sprintf("leave it out, or see: sops %s --help", m.command)}
		}
		if line.On("verbose") {
			w.warn(msg + " and is not used")
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	changesKMS := c.Given("add-kms") || c.Given("rm-kms")
	c.Settings = slices.DeleteFunc(c.Settings, func(s command.Setting) bool { return unused(m.command, s.Flag.Name, changesKMS) })
	args := append(line.Args, line.Rest...)
	switch {
	case len(args) == 0:
		return nil, noFile()
	case len(args) > 1:
		return nil, oneTooMany(m.command, line.On("in-place"), args)
	}
	if m.command == "rotate" && args[0] != "-" && !slices.ContainsFunc(c.Settings, changesKeys) && !w.exists(args[0]) {
		// The command rotate has another exit code; scripts know both.
		return nil, app.Fail(app.NoFile, "", "cannot operate on non-existent file %q", args[0])
	}
	c.Args = append([]string{args[0]}, m.operands...)
	return c, nil
}

// A mode is what the mode flags of the old form ask for.
type mode struct {
	command  string
	operands []string          // after the file
	others   []command.Setting // flags that choose no mode
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
func unused(name, flag string, changesKMS bool) bool {
	switch flag {
	case "shamir-secret-sharing-threshold":
		return name == "set"
	case "encryption-context":
		return name == "decrypt" || name == "set" || name == "rotate" && !changesKMS
	}
	return false
}

// chooseMode chooses by the mode flags.
func chooseMode(settings []command.Setting, warn func(string)) (mode, error) {
	m := mode{command: "edit"}
	given := map[string]string{}
	for _, s := range settings {
		switch {
		case !slices.Contains(modes(), s.Flag.Name):
			m.others = append(m.others, s)
		case !s.Flag.Bool || s.Value == "true":
			given[s.Flag.Name] = s.Value
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
func mistyped(root *command.Command, line *command.Call, m mode, exists func(string) bool) error {
	if m.chosen || len(line.Args) == 0 {
		return nil
	}
	word := line.Args[0]
	if exists(word) || len(line.Args) == 1 && (filepath.Ext(word) != "" || strings.ContainsAny(word, `/\`)) {
		return nil
	}
	e := &command.UsageError{Msg: fmt.Sprintf("sops has no command %q, and there is no such file", word), Hint: "see: sops --help"}
	var names []string
	for _, c := range root.Commands {
		names = append(names, c.Name)
	}
	if near := suggest.Closest(word, names); word == "version" {
		e.Hint = "sops --version"
	} else if near != "" {
		e.Hint = "did you mean: sops " + near + "?"
	} else if len(line.Args) == 1 && !command.IsFlag(word) {
		e.Hint = "to make a new file of that name: sops edit " + hint.Path(word)
	}
	return e
}

// splitSet splits 'INDEX VALUE' after the first bracket with a blank.
func splitSet(text string) (index, value string, err error) {
	index, value, ok := strings.Cut(text, "] ")
	if !ok {
		return "", "", app.Fail(app.BadChange, `sops set FILE '["key"]' '"value"'`, `--set: not of the form '["key"] "value"'`)
	}
	return index + "]", value, nil
}
