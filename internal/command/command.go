// Package command makes a command line of one table: the same rows parse
// arguments, print help, complete words in a shell and fill the reference.
//
//	root := &command.Command{Name: "sops", Commands: []*command.Command{{
//		Name: "decrypt", Summary: "decrypt a file", Args: "[FILE]",
//		Flags: []*command.Flag{command.Bool(&inPlace, "FILES", "in-place", "write the result over the file", "i")},
//		Run:   func(ctx context.Context, c *command.Call) error { ... },
//	}}}
//	call, err := root.Parse(os.Args[1:])
//
// The grammar is the one that scripts around SOPS rely on: -name and --name are
// the same, a value follows = or is the next argument, a boolean takes a value
// only after =, flags may come before and after arguments, -- ends them. Nothing
// is guessed: an unknown flag is an error, wherever it is.
package command

import (
	"context"
	"errors"
	"strconv"
	"time"
)

// A Command is one row of the table.
type Command struct {
	Name     string
	Summary  string // what it does, in one line
	Args     string // its arguments, as in "FILE PATH [VALUE]"
	Examples string // lines that can be typed
	Help     string // paragraphs, with an empty line between them
	Flags    []*Flag
	Commands []*Command  // a command that has some only leads to them
	Topics   []Candidate // of the root: what help can be about beside commands
	Program  bool        // what follows -- is a program to run
	Hidden   bool

	// CompleteArgs, if set, returns what may be the argument after args.
	CompleteArgs func(ctx context.Context, args []string) []Candidate
	Run          func(context.Context, *Call) error
}

// Find returns the command that words name below c, nil if there is none.
func (c *Command) Find(words ...string) *Command {
	for _, word := range words {
		var next *Command
		for _, sub := range c.Commands {
			if sub.Name == word {
				next = sub
			}
		}
		if next == nil {
			return nil
		}
		c = next
	}
	return c
}

// Each calls f for every command below c that is not hidden, with its name as it
// is typed, c's first.
func (c *Command) Each(f func(name string, sub *Command)) { c.each(c.Name, f) }

func (c *Command) each(name string, f func(string, *Command)) {
	for _, sub := range c.Commands {
		if !sub.Hidden {
			f(name+" "+sub.Name, sub)
			sub.each(name+" "+sub.Name, f)
		}
	}
}

// A Flag is one flag of a command.
type Flag struct {
	Name    string
	Aliases []string
	Usage   string // a word in backquotes is the placeholder of the value
	Topic   string // the heading in help
	Hidden  bool
	Bool    bool // takes a value only after =
	NoOp    bool // is accepted and means nothing

	// Set takes the value; a flag that is given twice is set twice.
	Set func(value string) error
	// Values, if set, returns the words that a shell offers as its value, after
	// the arguments that are there already.
	Values func(ctx context.Context, args []string) []Candidate
}

// names are all names of the flag, its own first.
func (f *Flag) names() []string { return append([]string{f.Name}, f.Aliases...) }

// String is a flag with a text as its value.
func String(to *string, topic, name, usage string, aliases ...string) *Flag {
	return &Flag{Name: name, Aliases: aliases, Topic: topic, Usage: usage, Set: func(s string) error {
		*to = s
		return nil
	}}
}

// Bool is a flag that is on or off.
func Bool(to *bool, topic, name, usage string, aliases ...string) *Flag {
	return &Flag{Name: name, Aliases: aliases, Topic: topic, Usage: usage, Bool: true, Set: func(s string) error {
		*to = s == "true" // Parse has read it
		return nil
	}}
}

// List is a flag that may be given several times.
func List(to *[]string, topic, name, usage string) *Flag {
	return &Flag{Name: name, Topic: topic, Usage: usage, Set: func(s string) error {
		*to = append(*to, s)
		return nil
	}}
}

// Int is a flag with a number as its value.
func Int(to *int, topic, name, usage string) *Flag {
	return &Flag{Name: name, Topic: topic, Usage: usage, Set: func(s string) (err error) {
		*to, err = number(s)
		return err
	}}
}

// OptionalInt is an Int of which 0 is not the same as none.
func OptionalInt(to **int, topic, name, usage string) *Flag {
	return &Flag{Name: name, Topic: topic, Usage: usage, Set: func(s string) error {
		n, err := number(s)
		*to = &n
		return err
	}}
}

// Duration is a flag with a duration as its value.
func Duration(to *time.Duration, topic, name, usage string) *Flag {
	return &Flag{Name: name, Topic: topic, Usage: usage, Set: func(s string) (err error) {
		if *to, err = time.ParseDuration(s); err != nil {
			return errors.New("not a duration, such as 300ms or 1m")
		}
		return nil
	}}
}

// number reads what SOPS takes for a number: 0x and 0 begin other bases.
func number(s string) (int, error) {
	n, err := strconv.ParseInt(s, 0, strconv.IntSize)
	if err != nil {
		return 0, errors.New("not a number")
	}
	return int(n), nil
}
