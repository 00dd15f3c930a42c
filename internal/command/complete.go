package command

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
)

// A completion script calls the program itself, with the words up to the
// cursor, the word at the cursor (which may be empty) and one of these flags.
// The program prints what may be there, one candidate a line; the shell
// takes those that fit, and file names if there are none.
const (
	candidatesFlag = "--generate-shell-completion"
	describedFlag  = "--generate-shell-completion=described" // lines of WORD:MEANING, a colon in WORD as \:
	// The scripts of SOPS leave out an empty word at the cursor.
	oldCandidatesFlag = "--generate-bash-completion"
)

// A Candidate is a word that may be at the cursor.
type Candidate struct{ Word, Meaning string }

// Complete answers a completion script; it reports whether args come from one.
func (c *Command) Complete(ctx context.Context, w io.Writer, args []string) bool {
	if len(args) == 0 {
		return false
	}
	words, last := args[:len(args)-1], args[len(args)-1]
	switch last {
	case candidatesFlag, describedFlag:
	case oldCandidatesFlag:
		if n := len(words); n == 0 || !strings.HasPrefix(words[n-1], "-") {
			words = append(words[:n:n], "")
		}
	default:
		return false
	}
	if n := len(words); n == 0 || words[n-1] == `""` { // as some PowerShells hand on an empty word
		words = append(words[:max(n-1, 0):max(n-1, 0)], "")
	}
	for _, candidate := range c.candidates(ctx, words) {
		if last == describedFlag {
			candidate.Word = strings.ReplaceAll(candidate.Word, ":", `\:`) + ":" + candidate.Meaning
		}
		fmt.Fprintln(w, candidate.Word)
	}
	return true
}

// candidates returns what may be in the place of the last of words.
func (c *Command) candidates(ctx context.Context, words []string) []Candidate {
	root := c
	current := words[len(words)-1]
	set := c.allFlags()
	var args []string
	for i := 0; i < len(words)-1; i++ {
		w := words[i]
		if IsFlag(w) {
			f := set[strings.TrimLeft(w, "-")] // nil if it has its value, or is unknown
			if f == nil || f.Bool {
				continue
			}
			if i++; i == len(words)-1 {
				return offer(ctx, f.Values, args)
			}
			continue
		}
		if c == root && i == 0 && isHelp(w) {
			return append(c.commandCandidates(), c.Topics...)
		}
		if sub := c.Find(w); sub != nil && len(args) == 0 {
			c, set = sub, sub.ownFlags()
			continue
		}
		args = append(args, w)
	}
	switch {
	case strings.HasPrefix(current, "-"):
		return c.flagCandidates(set)
	case len(args) > 0 || len(c.Commands) == 0:
		return offer(ctx, c.CompleteArgs, args)
	}
	return c.commandCandidates()
}

func (c *Command) commandCandidates() []Candidate {
	var out []Candidate
	for _, row := range c.CommandRows() {
		out = append(out, Candidate{row.Left, row.Right})
	}
	return out
}

// flagCandidates lists the flags of a command in the order of its help, and at
// the root those of all commands.
func (c *Command) flagCandidates(set flagSet) []Candidate {
	flags := c.Flags
	if len(c.Commands) > 0 {
		flags = nil
		for name, f := range set {
			if name == f.Name {
				flags = append(flags, f)
			}
		}
		slices.SortFunc(flags, func(a, b *Flag) int { return strings.Compare(a.Name, b.Name) })
	}
	var out []Candidate
	for _, f := range flags {
		if !f.Hidden {
			_, usage := f.describe()
			out = append(out, Candidate{"--" + f.Name, usage})
		}
	}
	return append(out, Candidate{"--help", "show help"})
}

func offer(ctx context.Context, words func(context.Context, []string) []Candidate, args []string) []Candidate {
	if words == nil {
		return nil
	}
	return words(ctx, args)
}
