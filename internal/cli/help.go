package cli

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/urfave/cli/v3"

	"github.com/seed-1f7fdfb8/sops/internal/env"
)

type topicError struct{ topic string }

func (e *topicError) Error() string   { return fmt.Sprintf("there is no help about %q", e.topic) }
func (e *topicError) ExitCode() int   { return 3 }
func (e *topicError) Hints() []string { return []string{"see: sops help"} }

func (r *run) topic(root *cli.Command, topic string) error {
	w := r.app.Stdout
	switch topic {
	case "", "help", "h":
		rootHelp(w, root)
		return nil
	case "environment":
		environmentHelp(w)
		return nil
	case "exit-codes":
		exitCodeHelp(w)
		return nil
	}
	c := root
	for name := range strings.FieldsSeq(topic) {
		if c = c.Command(name); c == nil {
			return &topicError{topic}
		}
	}
	commandHelp(w, "sops "+topic, c)
	return nil
}

func rootHelp(w io.Writer, root *cli.Command) {
	fmt.Fprint(w, `sops edits encrypted files: only values are encrypted, under a data key that AWS
KMS or age wraps.

  sops encrypt -i --kms arn:aws:kms:eu-west-1:111122223333:alias/prod prod.yaml
  sops edit prod.yaml
  sops decrypt prod.yaml

COMMANDS
`)
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	for _, c := range root.Commands {
		if !c.Hidden {
			fmt.Fprintf(t, "  %s\t%s\n", c.Name, c.Usage)
		}
	}
	fmt.Fprint(t, "  help\tshow help: help COMMAND, help environment, help exit-codes\n")
	t.Flush()
	fmt.Fprint(w, `
Flags may stand before or behind the file. The old form works as well, with flags
before the file: sops FILE edits; sops -d, -e, -r FILE; sops --set.
`)
}

func commandHelp(w io.Writer, name string, c *cli.Command) {
	fmt.Fprintf(w, "%s: %s\n\n", name, c.Usage)
	for line := range strings.SplitSeq(c.Description, "\n") {
		fmt.Fprintln(w, strings.TrimRight("  "+line, " "))
	}
	fmt.Fprintf(w, "\nUSAGE\n  %s [flags] %s\n", name, c.ArgsUsage)
	if len(c.Commands) > 0 {
		fmt.Fprintln(w, "\nCOMMANDS")
		for _, sub := range c.Commands {
			fmt.Fprintf(w, "  %s  %s\n", sub.Name, sub.Usage)
		}
		return
	}
	flagHelp(w, c.Flags)
	fmt.Fprintln(w, "\nEXIT CODES\n  0 is success; sops help exit-codes lists the others.")
}

// flagHelp lists flags by topic.
func flagHelp(w io.Writer, flags []cli.Flag) {
	for _, topic := range topicsOf(flags) {
		fmt.Fprintf(w, "\n%s\n", topic.name)
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		for _, l := range topic.lines {
			fmt.Fprintf(t, "  %s\t%s\n", l.flag, l.usage)
		}
		t.Flush()
	}
}

// A flagTopic is flags about one thing.
type flagTopic struct {
	name  string
	lines []flagLine
}

type flagLine struct{ flag, usage string }

// topicsOf returns the topics in the order in which they first come; what every
// command has comes last.
func topicsOf(flags []cli.Flag) []flagTopic {
	var topics []flagTopic
	for _, f := range flags {
		name, left, usage, hidden := describe(f)
		if hidden {
			continue
		}
		i := slices.IndexFunc(topics, func(t flagTopic) bool { return t.name == name })
		if i < 0 {
			i = len(topics)
			topics = append(topics, flagTopic{name: name})
		}
		topics[i].lines = append(topics[i].lines, flagLine{left, usage})
	}
	slices.SortStableFunc(topics, func(a, b flagTopic) int { return cmp.Compare(rank(a), rank(b)) })
	return topics
}

func rank(t flagTopic) int {
	if t.name == topicOther {
		return 1
	}
	return 0
}

func describe(f cli.Flag) (topic, left, usage string, hidden bool) {
	d, ok := f.(interface {
		GetUsage() string
		GetCategory() string
		IsVisible() bool
	})
	if !ok || !d.IsVisible() {
		return "", "", "", true
	}
	usage = d.GetUsage()
	placeholder := ""
	if before, rest, ok := strings.Cut(usage, "`"); ok {
		word, after, _ := strings.Cut(rest, "`")
		usage, placeholder = before+word+after, " "+word
	}
	for _, name := range f.Names() {
		dashes := "--"
		if len(name) == 1 {
			dashes = "-"
		}
		if left != "" {
			left += ", "
		}
		left += dashes + name
	}
	if strings.ContainsAny(placeholder, ",[") {
		placeholder = " LIST" // the whole form is in the usage
	}
	return d.GetCategory(), left + placeholder, usage, false
}

func environmentHelp(w io.Writer) {
	fmt.Fprintln(w, "Variables that sops reads. Flags go before them; those of AWS are read by its SDK.")
	fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, v := range env.Variables() {
		fmt.Fprintf(t, "  %s\t%s\n", v.Name, v.Meaning)
	}
	t.Flush()
}

func exitCodeHelp(w io.Writer) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, c := range exitCodes() {
		fmt.Fprintf(t, "  %d\t%s\n", c.code, c.meaning)
	}
	t.Flush()
}

// An exitCode is one line of the table of exit codes.
type exitCode struct {
	code    int
	meaning string
}

func exitCodes() []exitCode {
	return []exitCode{
		{0, "success"},
		{1, "any failure without a code of its own"},
		{2, "the input cannot be read or parsed"},
		{3, "the output cannot be written; unknown help topic"},
		{4, "the content cannot be written in the output type"},
		{6, "the encryption context is malformed or without effect"},
		{7, "set, unset: the path or the value is malformed"},
		{8, "flags or settings exclude each other"},
		{23, "the content cannot be encrypted"},
		{25, "a value cannot be decrypted"},
		{49, "rotate: keys are to be changed in a file that does not exist"},
		{51, "the MAC is missing or does not fit the content"},
		{91, "decrypt --extract: the path is malformed"},
		{92, "the input holds no document"},
		{100, "no file, or the file does not exist"},
		{112, "--decryption-order names a kind twice"},
		{126, "exec-env, exec-file: the program cannot be run"},
		{127, "exec-env, exec-file: the program is not there"},
		{128, "no master key gave out the data key"},
		{200, "edit: nothing was changed"},
		{201, "edit: the editor is missing or failed"},
		{203, "the file is encrypted already"},
	}
}
