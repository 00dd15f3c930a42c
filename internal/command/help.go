package command

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// TopicOther is the topic of flags that every command has; it comes last.
const TopicOther = "OTHER"

// Width is the usual one of a terminal; help fits into it.
const Width = 80

// WriteHelp prints the help of c, which is called name: what to type comes
// first, then flags by topic, then exit codes.
func (c *Command) WriteHelp(w io.Writer, name string) {
	fmt.Fprintf(w, "%s: %s\n\n", name, c.Summary)
	for line := range strings.SplitSeq(c.Examples, "\n") {
		fmt.Fprintln(w, "  "+line)
	}
	if c.Help != "" {
		fmt.Fprintln(w)
		for paragraph := range strings.SplitSeq(c.Help, "\n\n") {
			for _, line := range wrap(paragraph, Width-2) {
				fmt.Fprintln(w, "  "+line)
			}
		}
	}
	fmt.Fprintf(w, "\nUSAGE\n  %s\n", c.Form(name))
	if len(c.Commands) > 0 {
		fmt.Fprintln(w, "\nCOMMANDS")
		WriteRows(w, c.CommandRows())
		return
	}
	for _, topic := range c.FlagTopics() {
		fmt.Fprintf(w, "\n%s\n", topic.Name)
		WriteRows(w, topic.Rows)
	}
	program, _, _ := strings.Cut(name, " ")
	fmt.Fprintf(w, "\nEXIT CODES\n  0 is success; %s help exit-codes lists the others.\n", program)
}

// Form is the general form of a call.
func (c *Command) Form(name string) string {
	if len(c.Commands) > 0 {
		return name + " COMMAND"
	}
	return strings.TrimSpace(name + " [flags] " + c.Args)
}

// CommandRows are the commands directly below c with their summaries.
func (c *Command) CommandRows() []Row {
	var rows []Row
	for _, sub := range c.Commands {
		if !sub.Hidden {
			rows = append(rows, Row{sub.Name, sub.Summary})
		}
	}
	return rows
}

// A FlagTopic is flags about one thing.
type FlagTopic struct {
	Name string
	Rows []Row // of names and usage
}

// FlagTopics returns the topics of flags in the order in which they first come.
func (c *Command) FlagTopics() []FlagTopic {
	var topics []FlagTopic
	for _, f := range c.Flags {
		if f.Hidden {
			continue
		}
		i := slices.IndexFunc(topics, func(t FlagTopic) bool { return t.Name == f.Topic })
		if i < 0 {
			i = len(topics)
			topics = append(topics, FlagTopic{Name: f.Topic})
		}
		names, usage := f.describe()
		topics[i].Rows = append(topics[i].Rows, Row{names, usage})
	}
	if i := slices.IndexFunc(topics, func(t FlagTopic) bool { return t.Name == TopicOther }); i >= 0 {
		topics = append(slices.Delete(slices.Clone(topics), i, i+1), topics[i])
	}
	return topics
}

// describe returns the names of a flag with the placeholder of its value, and
// the usage without backquotes.
func (f *Flag) describe() (names, usage string) {
	usage = f.Usage
	placeholder := ""
	if before, rest, ok := strings.Cut(usage, "`"); ok {
		word, after, _ := strings.Cut(rest, "`")
		usage, placeholder = before+word+after, " "+word
	}
	if strings.ContainsAny(placeholder, ",[") {
		placeholder = " LIST" // the whole form is in the usage
	}
	var all []string
	for _, name := range f.names() {
		all = append(all, strings.Repeat("-", min(len(name), 2))+name)
	}
	return strings.Join(all, ", ") + placeholder, usage
}

// A Row is a word and what it means.
type Row struct{ Left, Right string }

// maxLeft is the width of the left column at most; a longer word has a line of
// its own.
const maxLeft = 26

// WriteRows prints two columns.
func WriteRows(w io.Writer, rows []Row) {
	width := 0
	for _, r := range rows {
		if n := len(r.Left); n <= maxLeft {
			width = max(width, n)
		}
	}
	for _, r := range rows {
		left := r.Left
		if len(left) > width {
			fmt.Fprintf(w, "  %s\n", left)
			left = ""
		}
		for _, line := range wrap(r.Right, Width-width-4) {
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
