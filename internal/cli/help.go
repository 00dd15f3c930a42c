package cli

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v3"

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
	var rows []row
	for _, c := range root.Commands {
		if !c.Hidden {
			rows = append(rows, row{c.Name, c.Usage})
		}
	}
	printRows(w, append(rows, row{"help", "show help: help COMMAND, help environment, help exit-codes"}))
	fmt.Fprint(w, `
Flags may stand before or after the file. The old form works as well, with flags
before the file: sops FILE edits; sops -d, -e, -r FILE; sops --set.
`)
}

func commandHelp(w io.Writer, name string, c *cli.Command) {
	fmt.Fprintf(w, "%s: %s\n\n", name, c.Usage)
	examples, prose, _ := strings.Cut(c.Description, "\n\n")
	for line := range strings.SplitSeq(examples, "\n") {
		fmt.Fprintln(w, "  "+line)
	}
	if prose != "" {
		fmt.Fprintln(w)
		for paragraph := range strings.SplitSeq(prose, "\n\n") {
			for _, line := range wrap(paragraph, helpWidth-2) {
				fmt.Fprintln(w, "  "+line)
			}
		}
	}
	fmt.Fprintf(w, "\nUSAGE\n  %s [flags] %s\n", name, c.ArgsUsage)
	if len(c.Commands) > 0 {
		fmt.Fprintln(w, "\nCOMMANDS")
		var rows []row
		for _, sub := range c.Commands {
			rows = append(rows, row{sub.Name, sub.Usage})
		}
		printRows(w, rows)
		return
	}
	flagHelp(w, c.Flags)
	fmt.Fprintln(w, "\nEXIT CODES\n  0 is success; sops help exit-codes lists the others.")
}

// flagHelp lists flags by topic.
func flagHelp(w io.Writer, flags []cli.Flag) {
	for _, topic := range topicsOf(flags) {
		fmt.Fprintf(w, "\n%s\n", topic.name)
		var rows []row
		for _, l := range topic.lines {
			rows = append(rows, row{l.flag, l.usage})
		}
		printRows(w, rows)
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
	fmt.Fprint(w, "Variables that sops reads. Flags go before them; those of AWS are read by its\nSDK.\n\n")
	var rows []row
	for _, v := range variables() {
		rows = append(rows, row{v.Name, v.Meaning})
	}
	printRows(w, rows)
}

func exitCodeHelp(w io.Writer) {
	var rows []row
	for _, c := range exitCodes() {
		rows = append(rows, row{strconv.Itoa(c.code), c.meaning})
	}
	printRows(w, rows)
}

// A row is a word and what it means.
type row struct{ left, right string }

// Help fits the usual width of a terminal.
const (
	helpWidth = 80
	maxLeft   = 26 // a longer word has its line for itself
)

// printRows prints two columns.
func printRows(w io.Writer, rows []row) {
	width := 0
	for _, r := range rows {
		if n := len(r.left); n <= maxLeft {
			width = max(width, n)
		}
	}
	for _, r := range rows {
		left := r.left
		if len(left) > width {
			fmt.Fprintf(w, "  %s\n", left)
			left = ""
		}
		for _, line := range wrap(r.right, helpWidth-width-4) {
			fmt.Fprintf(w, "  %-*s  %s\n", width, left, line)
			left = ""
		}
	}
}

// wrap breaks a text between words.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
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
		{129, "ended by a hang-up (128 and the number of the signal)"},
		{130, "ended by Ctrl-C"},
		{143, "ended by SIGTERM"},
		{200, "edit: nothing was changed"},
		{201, "edit: the editor is missing or failed"},
		{203, "the file is encrypted already"},
	}
}
