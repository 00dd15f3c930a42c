// Package hint shows errors to people and to programs.
//
// An error type says what it knows by small methods, and any error of a chain
// may: Hints() []string is what the user can do, Position() (line,
// column int) and File() string the place, Code() string a word for programs,
// UserError() string a report of several lines. Print collects them:
//
//	sops: error: prod.yaml: line 3: key "a" appears twice
//	sops: hint: rename one of them
//
// A report is printed as it is, since wrappers look for how its first line
// begins; the error itself follows it:
//
//	Failed to get the data key ...
//	...
//
//	sops: error: prod.yaml: no master key could open the file
//
// With Options.JSON each error is one line with one object, whose fields are
// these, in this order:
//
//	{"error":"prod.yaml: ...","code":"MacMismatch","exit":51,"hints":["..."],
//	 "position":{"file":"prod.yaml","line":3,"column":1},"detail":"..."}
//
// hints is always a list; position and what is not known of it, and detail (the
// report), are left out if there is none. Joined errors are printed one by one.
package hint

import (
	"fmt"
	"io"
	"strings"
)

// Options say how errors are shown.
type Options struct {
	JSON  bool
	Color bool
	Prog  string // begins each line; "sops" if it is empty
	// Exit returns the exit status for an error; nil is 1 for every error.
	Exit func(error) int
}

// Print writes err and its hints to w, in one piece. A nil err prints nothing.
func Print(w io.Writer, err error, o Options) error {
	if o.Prog == "" {
		o.Prog = "sops"
	}
	if o.Exit == nil {
		o.Exit = func(error) int { return 1 }
	}
	var b strings.Builder
	write := writeText
	if o.JSON {
		write = writeJSON
	}
	write(&b, err, o)
	_, failure := io.WriteString(w, b.String())
	return failure
}

// writeText writes all errors and then their hints, each once.
func writeText(b *strings.Builder, err error, o Options) {
	for _, one := range split(err) {
		writeReport(b, one, o)
	}
	for _, h := range Hints(err) {
		fmt.Fprintf(b, "%s: %s %s\n", o.Prog, o.paint(cyan, "hint:"), Message(h))
	}
}

// writeReport writes one error: its report if it has one, then its line.
func writeReport(b *strings.Builder, err error, o Options) {
	report := Clean(Report(err))
	if report != "" {
		b.WriteString(o.paintVerdicts(report))
		b.WriteString("\n")
	}
	if text := Message(err.Error()); text != report {
		if report != "" {
			b.WriteString("\n")
		}
		fmt.Fprintf(b, "%s: %s %s\n", o.Prog, o.paint(red, "error:"), text)
	}
}

// Colours of a terminal.
const (
	red   = "\x1b[31m"
	green = "\x1b[32m"
	cyan  = "\x1b[36m"
	plain = "\x1b[0m"
)

func (o Options) paint(color, word string) string {
	if !o.Color {
		return word
	}
	return color + word + plain
}

// paintVerdicts colours the words that end lines of a report on master keys.
func (o Options) paintVerdicts(report string) string {
	if !o.Color {
		return report
	}
	lines := strings.Split(report, "\n")
	for i, line := range lines {
		if subject, ok := strings.CutSuffix(line, ": FAILED"); ok {
			lines[i] = subject + ": " + o.paint(red, "FAILED")
		}
		if subject, ok := strings.CutSuffix(line, ": SUCCESS"); ok {
			lines[i] = subject + ": " + o.paint(green, "SUCCESS")
		}
	}
	return strings.Join(lines, "\n")
}
