package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/seed-1f7fdfb8/sops/std"
)

// A completion script calls the program itself, with the words up to the
// cursor, the word at the cursor (which may be empty) and one of these flags.
// The program prints what may stand there, one candidate a line; the shell
// takes those that fit, and file names if there are none.
const (
	candidatesFlag = "--generate-shell-completion"
	describedFlag  = "--generate-shell-completion=described" // lines of WORD:MEANING
	// The scripts of SOPS leave out an empty word at the cursor.
	oldCandidatesFlag = "--generate-bash-completion"
)

func (r *run) completion() *cli.Command {
	c := &cli.Command{
		Name:  "completion",
		Usage: "print a completion script for a shell",
		Description: `source <(sops completion bash)                                 # in ~/.bashrc
source <(sops completion zsh)                                  # in ~/.zshrc
sops completion fish > ~/.config/fish/completions/sops.fish`,
	}
	for _, s := range completionScripts() {
		c.Commands = append(c.Commands, &cli.Command{
			Name:        s.shell,
			Usage:       "print the script for " + s.shell,
			Description: "sops completion " + s.shell,
			Action: func(context.Context, *cli.Command) error {
				_, err := io.WriteString(r.app.Stdout, s.text)
				return err
			},
		})
	}
	return c
}

// candidates answers a completion script; it reports whether args come from
// one.
func (r *run) candidates(root *cli.Command, args []string) bool {
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
	if len(words) == 0 {
		words = []string{""}
	}
	for _, c := range complete(root, words) {
		if last == describedFlag {
			c.word += ":" + c.meaning
		}
		fmt.Fprintln(r.app.Stdout, c.word)
	}
	return true
}

// A candidate is a word that may stand at the cursor.
type candidate struct{ word, meaning string }

// complete returns what may stand in the place of the last of words.
func complete(root *cli.Command, words []string) []candidate {
	current := words[len(words)-1]
	c, set := root, rootFlags(root)
	positional := false
	for i := 0; i < len(words)-1; i++ {
		w := words[i]
		if isFlag(w) {
			f := set[strings.TrimLeft(w, "-")] // nil if it has its value, or is unknown
			if f == nil || isBool(f) {
				continue
			}
			if i++; i == len(words)-1 {
				return values(f)
			}
			continue
		}
		if c == root && i == 0 && (w == "help" || w == "h") {
			return topics(root)
		}
		if sub := c.Command(w); sub != nil && !positional {
			c, set = sub, flagsOf(sub.Flags)
			continue
		}
		positional = true
	}
	switch {
	case strings.HasPrefix(current, "-"):
		return flagCandidates(c, set)
	case positional:
		return nil
	}
	return commandCandidates(c)
}

func commandCandidates(c *cli.Command) []candidate {
	var out []candidate
	for _, sub := range c.Commands {
		if !sub.Hidden {
			out = append(out, candidate{sub.Name, sub.Usage})
		}
	}
	return out
}

// topics are what help can be about.
func topics(root *cli.Command) []candidate {
	return append(commandCandidates(root),
		candidate{"environment", "variables that sops reads"}, candidate{"exit-codes", "what exit codes mean"})
}

// flagCandidates lists the flags of a command in the order of its help, and at
// the root those of all commands.
func flagCandidates(c *cli.Command, set flagSet) []candidate {
	flags := c.Flags
	if len(c.Commands) > 0 {
		flags = nil
		seen := map[string]bool{}
		for _, f := range set {
			if name := f.Names()[0]; !seen[name] {
				seen[name] = true
				flags = append(flags, f)
			}
		}
		slices.SortFunc(flags, func(a, b cli.Flag) int { return strings.Compare(a.Names()[0], b.Names()[0]) })
	}
	var out []candidate
	for _, f := range flags {
		if _, _, usage, hidden := describe(f); !hidden {
			out = append(out, candidate{"--" + f.Names()[0], usage})
		}
	}
	return append(out, candidate{"--help", "show help"})
}

// values are those that a flag may have, as far as they are a few words.
func values(f cli.Flag) []candidate {
	var out []candidate
	if name := f.Names()[0]; name == "input-type" || name == "output-type" {
		for _, n := range std.Names() {
			out = append(out, candidate{n, "file type"})
		}
	}
	return out
}

// A completionScript is what a shell loads.
type completionScript struct{ shell, text string }

func completionScripts() []completionScript {
	return []completionScript{{"bash", bashCompletion}, {"zsh", zshCompletion}, {"fish", fishCompletion}}
}

const bashCompletion = `#! /bin/bash
# Completion of sops for bash. Load it with: source <(sops completion bash)
_sops_complete() {
	local current=${COMP_WORDS[COMP_CWORD]}
	local before=("${COMP_WORDS[@]:1:COMP_CWORD-1}")
	local words
	words=$("${COMP_WORDS[0]}" "${before[@]}" "$current" ` + candidatesFlag + ` 2>/dev/null)
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -o bashdefault -o default -F _sops_complete sops
`

const zshCompletion = `#compdef sops
# Completion of sops for zsh. Load it with: source <(sops completion zsh)
_sops() {
	local -a found
	found=("${(@f)$("${words[1]}" "${(@)words[2,CURRENT]}" '` + describedFlag + `' 2>/dev/null)}")
	if [[ -n "${found[1]}" ]]; then
		_describe 'sops' found
	else
		_files
	fi
}
compdef _sops sops
`

const fishCompletion = `# Completion of sops for fish.
function __sops_candidates
	set -l before (commandline -opc)
	set -l current (commandline -ct)
	$before[1] $before[2..-1] "$current" ` + describedFlag + ` 2>/dev/null | string replace ':' \t
end
complete -c sops -a '(__sops_candidates)'
`
