package command

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/suggest"
)

// A Setting is a flag with the value that it was given.
type Setting struct {
	Flag  *Flag
	Value string
}

// A Call is what a command line asks for.
type Call struct {
	Command  *Command  // the root, if no command is named
	Words    []string  // those that name the command, or the topic of help
	Settings []Setting // in the order of the command line
	Args     []string
	Rest     []string // what follows --, for the root and for a command with Program
	Help     bool
	Version  bool
}

// Given reports whether the flag of that name was given.
func (c *Call) Given(name string) bool {
	return slices.ContainsFunc(c.Settings, func(s Setting) bool { return s.Flag.Name == name })
}

// On reports whether the boolean flag of that name was given and is on.
func (c *Call) On(name string) bool {
	on := false
	for _, s := range c.Settings {
		if s.Flag.Name == name {
			on = s.Value == "true"
		}
	}
	return on
}

// Apply stores the values of the flags where the table says.
func (c *Call) Apply() error {
	for _, s := range c.Settings {
		if s.Flag.Set == nil {
			continue
		}
		err := s.Flag.Set(s.Value)
		if usage := (*UsageError)(nil); err != nil && !errors.As(err, &usage) {
			err = &UsageError{Msg: fmt.Sprintf("flag --%s: %q is %s", s.Flag.Name, s.Value, err)}
		}
		if err == nil && s.Flag.Check != nil {
			err = s.Flag.Check(s.Value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Parse reads arguments. Flags before a command go to the command if it has
// them, and are refused if not. Where no command is named, what the arguments
// mean is up to the caller: it gets a Call of the root, with the flags before
// the first argument and all arguments.
func (c *Command) Parse(args []string) (*Call, error) {
	first, err := c.allFlags().read(c.Name, args, true)
	if err != nil {
		return nil, err
	}
	first.Command = c
	switch {
	case first.On("help"):
		return &Call{Command: c, Help: true, Words: c.prefix(append(first.Args, first.Rest...))}, nil
	case first.On("version"):
		return &Call{Command: c, Version: true}, nil
	case len(first.Args) == 0:
		return first, nil
	case isHelp(first.Args[0]):
		return &Call{Command: c, Help: true, Words: first.Args[1:]}, nil
	}
	if sub := c.Find(first.Args[0]); sub != nil {
		return sub.parse(c.Name, nil, first.Settings, first.Args[1:])
	}
	return first, nil
}

func isHelp(word string) bool { return word == "help" || word == "h" }

// prefix returns the beginning of words that names a command.
func (c *Command) prefix(words []string) []string {
	n := 0
	for n < len(words) && c.Find(words[:n+1]...) != nil {
		n++
	}
	return words[:n]
}

// parse reads the arguments of c, which is below the words above; before are the
// flags in front of it.
func (c *Command) parse(root string, above []string, before []Setting, args []string) (*Call, error) {
	words := append(above[:len(above):len(above)], c.Name)
	name := strings.Join(append([]string{root}, words...), " ")
	nested := len(c.Commands) > 0
	call, err := c.ownFlags().read(name, args, nested)
	if err != nil {
		return nil, c.explain(name, args, err)
	}
	if nested {
		call.Args = append(call.Args, call.Rest...)
	}
	switch {
	case call.On("help"), nested && len(call.Args) == 0:
		return &Call{Command: c, Help: true, Words: words}, nil
	case nested:
		sub := c.Find(call.Args[0])
		if sub == nil {
			var names []string
			for _, row := range c.CommandRows() {
				names = append(names, row.Left)
			}
			return nil, &SubcommandError{Command: name, Word: call.Args[0], Near: suggest.Closest(call.Args[0], names)}
		}
		return sub.parse(root, words, before, call.Args[1:])
	}
	call.Command, call.Words = c, words
	call.Args, call.Rest = c.operands(call.Args, call.Rest)
	moved, err := c.Adopt(before, func(flag string) error {
		return &UsageError{
			Msg:  fmt.Sprintf("flag --%s is before the command %s, which does not have it", flag, c.Name),
			Hint: fmt.Sprintf("leave it out, or see: %s --help", name),
		}
	})
	call.Settings = slices.Concat(moved, effective(call.Settings))
	return call, err
}

// operands separates a program from what comes before it; for other commands --
// is only the end of flags.
func (c *Command) operands(args, rest []string) (operands, program []string) {
	if c.Program && len(args) == 0 {
		if i := slices.Index(rest, "--"); i > 0 { // files may look like flags too
			return rest[:i], rest[i+1:]
		}
	}
	if c.Program && len(args) > 0 {
		return args, rest
	}
	return append(args, rest...), nil
}

// Adopt returns settings as those of the same flags of c. refuse makes the error
// for a flag that c does not have, or none if it is left out.
func (c *Command) Adopt(settings []Setting, refuse func(flag string) error) ([]Setting, error) {
	own := c.ownFlags()
	var out []Setting
	for _, s := range effective(settings) {
		if f := own[s.Flag.Name]; f != nil {
			out = append(out, Setting{f, s.Value})
		} else if err := refuse(s.Flag.Name); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// effective leaves out what means nothing.
func effective(settings []Setting) []Setting {
	var out []Setting
	for _, s := range settings {
		if !s.Flag.NoOp {
			out = append(out, s)
		}
	}
	return out
}

// explain adds to an error in the flags of c what to do if a flag is meant for
// the program.
func (c *Command) explain(name string, args []string, err error) error {
	usage, ok := err.(*UsageError)
	argument := slices.ContainsFunc(args, func(a string) bool { return !IsFlag(a) })
	if ok && c.Program && argument && !strings.HasPrefix(usage.Hint, "did you mean") {
		usage.Hint = fmt.Sprintf("flags of the program go after --: %s FILE -- PROGRAM ARGUMENT", name)
	}
	return err
}

// A flagSet has the flags of a command by all their names.
type flagSet map[string]*Flag

func (s flagSet) add(flags []*Flag) {
	for _, f := range flags {
		for _, name := range f.names() {
			s[name] = f
		}
	}
}

// ownFlags are the flags of c, with the one that all commands have.
func (c *Command) ownFlags() flagSet {
	set := flagSet{}
	set.add([]*Flag{{Name: "help", Aliases: []string{"h"}, Hidden: true, Bool: true, NoOp: true}})
	set.add(c.Flags)
	return set
}

// allFlags are the flags of the root and of all commands directly below it,
// which may be given before a command.
func (c *Command) allFlags() flagSet {
	set := flagSet{}
	for _, sub := range slices.Backward(c.Commands) {
		set.add(sub.Flags) // of two with a name, the first command's remains
	}
	set.add([]*Flag{{Name: "version", Aliases: []string{"v"}, Hidden: true, Bool: true, NoOp: true}})
	for name, f := range c.ownFlags() {
		set[name] = f
	}
	return set
}

// read reads args. If stop is set, it ends at the first argument that is no flag,
// and Args are all from there.
func (s flagSet) read(command string, args []string, stop bool) (*Call, error) {
	c := &Call{}
	for i := 0; i < len(args); i++ {
		switch arg := args[i]; {
		case arg == "--":
			c.Rest = args[i+1:]
			return c, nil
		case IsFlag(arg):
			set, used, err := s.setting(command, arg, args[i+1:])
			if err != nil {
				return nil, err
			}
			c.Settings = append(c.Settings, set)
			i += used
		case stop:
			c.Args = args[i:]
			return c, nil
		default:
			c.Args = append(c.Args, arg)
		}
	}
	return c, nil
}

// IsFlag reports whether arg has the form of a flag; a lone dash is a file and
// a negative number is a value.
func IsFlag(arg string) bool {
	return len(arg) > 1 && arg[0] == '-' && (arg[1] < '0' || arg[1] > '9')
}

// setting reads the flag arg; next is what follows it. used says how many of
// those are its value.
func (s flagSet) setting(command, arg string, next []string) (set Setting, used int, err error) {
	name, value, hasValue := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(arg, "-"), "-"), "=")
	f := s[name]
	if f == nil {
		return set, 0, s.unknown(command, name)
	}
	set = Setting{f, value}
	switch {
	case f.Bool && !hasValue:
		set.Value = "true"
	case f.Bool:
		b, err := strconv.ParseBool(value)
		if err != nil {
			return set, 0, &UsageError{Msg: fmt.Sprintf("flag --%s: %q is neither true nor false", name, value)}
		}
		set.Value = strconv.FormatBool(b)
	case !hasValue && len(next) == 0:
		return set, 0, &UsageError{Msg: fmt.Sprintf("flag --%s needs a value", name)}
	case !hasValue:
		set.Value, used = next[0], 1
	}
	return set, used, nil
}

func (s flagSet) unknown(command, name string) error {
	e := &UsageError{Msg: fmt.Sprintf("%s has no flag --%s", command, name), Hint: "see: " + command + " --help"}
	var names []string
	for n := range s {
		if len(n) > 1 {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	if near := suggest.Closest(name, names); near != "" {
		e.Hint = "did you mean --" + near + "?"
	}
	return e
}
