package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/internal/term"
)

// errNoAnswer is the end of input where an answer was expected: silence is no
// consent.
var errNoAnswer = errors.New("no answer: the input ended before y or n came")

// Agreed asks until the answer is y or n. At a terminal it asks there; else the
// answer is the next line of standard input, since scripts pipe it in, and after
// ends the line of the question on standard output.
func (a *App) Agreed(ctx context.Context, question, after string) (bool, error) {
	ask := func(_ context.Context, question string) (string, error) { return a.askInput(question, after) }
	if term.IsTerminal(a.Stdin) {
		ask = a.AskCode
	}
	for {
		answer, err := ask(ctx, question)
		if err != nil {
			return false, err
		}
		switch strings.TrimSpace(answer) {
		case "y":
			return true, nil
		case "n":
			return false, nil
		}
	}
}

// askInput prints the question and reads one line. It takes no byte more: what
// follows answers the next question.
func (a *App) askInput(question, after string) (string, error) {
	if _, err := fmt.Fprint(a.Stdout, hint.Clean(question)); err != nil {
		return "", err
	}
	var line []byte
	one := make([]byte, 1)
	for {
		n, err := a.Stdin.Read(one)
		switch {
		case n == 1 && one[0] == '\n', errors.Is(err, io.EOF) && len(line) > 0:
			_, err := io.WriteString(a.Stdout, after)
			return string(line), err
		case n == 1:
			line = append(line, one[0])
		case errors.Is(err, io.EOF):
			return "", errNoAnswer
		case err != nil:
			return "", err
		}
	}
}
