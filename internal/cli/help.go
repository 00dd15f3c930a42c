package cli

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/command"
)

// topics are what help can be about beside commands.
func topics() []command.Candidate {
	return []command.Candidate{{Word: "environment", Meaning: "variables that sops reads"}, {Word: "exit-codes", Meaning: "what exit codes mean"}}
}

// help prints the page that words name.
func help(w io.Writer, root *command.Command, words []string) error {
	topic := strings.Join(words, " ")
	switch topic {
	case "", "help", "h":
		rootHelp(w, root)
		return nil
	case "environment":
		environmentHelp(w)
		return nil
	case "exit-codes":
		command.WriteRows(w, exitCodeRows())
		return nil
	}
	c := root.Find(strings.Fields(topic)...)
	if c == nil {
		return &command.TopicError{Root: root.Name, Topic: topic}
	}
	c.WriteHelp(w, root.Name+" "+topic)
	return nil
}

// The page about sops itself, in help and in the manual.
const (
	rootIntro = `sops edits encrypted files: only values are encrypted, under a data key that
master keys wrap: of AWS KMS and other key services, of age, of PGP.`

	rootExamples = `sops encrypt -i --kms arn:aws:kms:eu-west-1:111122223333:alias/prod prod.yaml
sops edit prod.yaml
sops decrypt prod.yaml`

	rootForms = `Flags may be before or after the file. The old form works as well, with flags
before the file: sops FILE edits; sops -d, -e, -r FILE; sops --set.`
)

func rootHelp(w io.Writer, root *command.Command) {
	fmt.Fprintf(w, "%s\n\n  %s\n\nCOMMANDS\n", rootIntro, strings.ReplaceAll(rootExamples, "\n", "\n  "))
	command.WriteRows(w, append(root.CommandRows(), command.Row{Left: "help", Right: "show help: help COMMAND, help environment, help exit-codes"}))
	fmt.Fprintf(w, "\n%s\n", rootForms)
}

func environmentHelp(w io.Writer) {
	fmt.Fprint(w, "Variables that sops reads. Flags go before them; those of AWS are read by its\nSDK.\n\n")
	command.WriteRows(w, variableRows())
}

func variableRows() (rows []command.Row) {
	for _, v := range variables() {
		rows = append(rows, command.Row{Left: v.Name, Right: v.Meaning})
	}
	return rows
}

func exitCodeRows() (rows []command.Row) {
	for _, c := range exitCodes() {
		rows = append(rows, command.Row{Left: strconv.Itoa(c.code), Right: c.meaning})
	}
	return rows
}
