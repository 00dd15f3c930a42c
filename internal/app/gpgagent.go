package app

import (
	"bytes"
	"context"
	"errors"
	"net/url"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/helper"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
)

// passphrase asks for a passphrase on the terminal or, where there is none, as
// below an editor, through a gpg-agent that runs already.
func (a *App) passphrase(ctx context.Context, prompt string) ([]byte, error) {
	text, err := a.AskPassphrase(ctx, prompt)
	if err == nil || a.hasTerminal() {
		return text, err
	}
	text, agent := askAgent(ctx, prompt)
	if agent != nil {
		return nil, errors.Join(err, agent)
	}
	return text, nil
}

var errAgent = errors.New("no gpg-agent that runs gave one")

// askAgent lets gpg-agent ask. It is not started, and keeps nothing: the "X" in the
// place of a name says so, since whether the passphrase is right is found out later.
func askAgent(ctx context.Context, prompt string) ([]byte, error) {
	title := strings.TrimSuffix(strings.TrimSpace(hint.Clean(prompt)), ":")
	out, err := helper.Output(ctx, helper.Program{
		Argv:  []string{"gpg-connect-agent", "--no-autostart"},
		Stdin: strings.NewReader("GET_PASSPHRASE --data X X Passphrase: " + url.PathEscape(title) + "\n/bye\n"),
	})
	if err != nil {
		return nil, errAgent
	}
	for line := range bytes.Lines(out) {
		data, found := bytes.CutPrefix(bytes.TrimRight(line, "\r\n"), []byte("D "))
		if !found {
			continue
		}
		text, err := url.PathUnescape(string(data))
		if err != nil {
			return nil, errAgent
		}
		return []byte(text), nil
	}
	return nil, errAgent
}
