// Package gpgagent lets a gpg-agent that runs ask for a passphrase, where there is no
// terminal to ask on.
package gpgagent

import (
	"bytes"
	"context"
	"errors"
	"net/url"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/helper"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
)

// Or asks with ask and, if that fails for want of a terminal, lets gpg-agent ask.
func Or(ctx context.Context, prompt string, ask func(context.Context, string) ([]byte, error), hasTerminal func() bool) ([]byte, error) {
	text, err := ask(ctx, prompt)
	if err == nil || hasTerminal() {
		return text, err
	}
	text, failed := Ask(ctx, prompt)
	if failed != nil {
		return nil, errors.Join(err, failed)
	}
	return text, nil
}

var errAgent = errors.New("no gpg-agent that runs gave one")

// Ask lets gpg-agent ask. It is not started, and keeps nothing: the "X" in the
// place of a name says so, since whether the passphrase is right is found out later.
func Ask(ctx context.Context, prompt string) ([]byte, error) {
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
