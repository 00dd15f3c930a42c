package cli

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/seed-1f7fdfb8/sops/internal/suggest"
)

// The grammar of arguments is the one that scripts around SOPS rely on: -name
// and --name are the same, a value follows behind = or as the next argument, a
// boolean takes a value only behind =, flags may stand before and after
// positional arguments, -- ends them. Nothing is guessed: an unknown flag is an
// error wherever it stands.

// A flagSet knows the flags of a command by all their names.
type flagSet map[string]cli.Flag

func flagsOf(flags []cli.Flag) flagSet {
	s := flagSet{}
	for _, f := range flags {
		for _, name := range f.Names() {
			s[name] = f
		}
	}
	return s
}

func isBool(f cli.Flag) bool {
	_, ok := f.(*cli.BoolFlag)
	return ok
}

// A token is a flag as it was given, with its value.
type token struct {
	flag  cli.Flag
	value string
}

// canonical is the form that needs no further thought.
func (t token) canonical() string { return "--" + t.flag.Names()[0] + "=" + t.value }

// parsed are the arguments of one command.
type parsed struct {
	tokens      []token
	positionals []string
	rest        []string // what stands behind --, if it was given
	dashes      bool
}

// has reports whether the boolean flag of that name was given.
func (p parsed) has(name string) bool {
	return slices.ContainsFunc(p.tokens, func(t token) bool { return t.flag.Names()[0] == name && t.value == "true" })
}

// A usageError is a mistake in the arguments.
type usageError struct {
	msg  string
	hint string
}

func (e *usageError) Error() string { return e.msg }
func (e *usageError) ExitCode() int { return 1 }
func (e *usageError) Hints() []string {
	if e.hint == "" {
		return nil
	}
	return []string{e.hint}
}

// parse reads args. If stop is set, it ends at the first positional, and the
// remainder is in rest.
func (s flagSet) parse(command string, args []string, stop bool) (parsed, error) {
	var p parsed
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if arg == "--" {
			p.rest, p.dashes = args[i+1:], true
			return p, nil
		}
		if !isFlag(arg) {
			if stop {
				p.rest = args[i:]
				return p, nil
			}
			p.positionals = append(p.positionals, arg)
			continue
		}
		t, used, err := s.token(command, arg, args[i+1:])
		if err != nil {
			return p, err
		}
		p.tokens = append(p.tokens, t)
		i += used
	}
	return p, nil
}

// isFlag reports whether arg has the form of a flag; a lone dash is a file and
// a negative number is a value.
func isFlag(arg string) bool {
	return len(arg) > 1 && arg[0] == '-' && (arg[1] < '0' || arg[1] > '9')
}

// token reads the flag arg; next is what follows it. used says how many of
// those are its value.
func (s flagSet) token(command, arg string, next []string) (t token, used int, err error) {
	name, value, hasValue := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(arg, "-"), "-"), "=")
	f := s[name]
	if f == nil {
		return t, 0, s.unknown(command, name)
	}
	t = token{flag: f, value: value}
	switch {
	case isBool(f) && !hasValue:
		t.value = "true"
	case isBool(f):
		b, err := strconv.ParseBool(value)
		if err != nil {
			return t, 0, &usageError{msg: fmt.Sprintf("flag --%s: %q is neither true nor false", name, value)}
		}
		t.value = strconv.FormatBool(b)
	case !hasValue && len(next) == 0:
		return t, 0, &usageError{msg: fmt.Sprintf("flag --%s needs a value", name)}
	case !hasValue:
		t.value, used = next[0], 1
	}
	return t, used, nil
}

func (s flagSet) unknown(command, name string) error {
	e := &usageError{msg: fmt.Sprintf("%s has no flag --%s", command, name)}
	var names []string
	for n := range s {
		if len(n) > 1 {
			names = append(names, n)
		}
	}
	if near := suggest.Closest(name, names); near != "" {
		e.hint = "did you mean --" + near + "?"
	} else {
		e.hint = "see: " + command + " --help"
	}
	return e
}
