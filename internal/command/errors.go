package command

import "fmt"

// A UsageError is a mistake in the arguments.
type UsageError struct {
	Msg  string
	Hint string // "" for none
}

func (e *UsageError) Error() string { return e.Msg }

// Hints returns what to do.
func (e *UsageError) Hints() []string {
	if e.Hint == "" {
		return nil
	}
	return []string{e.Hint}
}

// A TopicError is a word that names neither a command nor another topic of help.
type TopicError struct {
	Root  string
	Topic string
}

func (e *TopicError) Error() string { return fmt.Sprintf("there is no help about %q", e.Topic) }

// A SubcommandError is a word that names no command below another.
type SubcommandError struct {
	Command string // with the words above it: sops groups
	Word    string
	Near    string // the command that may be meant, "" if none is
}

func (e *SubcommandError) Error() string {
	return fmt.Sprintf("%s has no command %q", e.Command, e.Word)
}

// Hints returns what to do.
func (e *SubcommandError) Hints() []string {
	if e.Near != "" {
		return []string{"did you mean: " + e.Command + " " + e.Near + "?"}
	}
	return []string{"see: " + e.Command + " --help"}
}

// Hints returns what to do.
func (e *TopicError) Hints() []string { return []string{"see: " + e.Root + " help"} }
