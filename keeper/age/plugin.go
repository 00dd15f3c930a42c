package age

import (
	"errors"
	"fmt"
	"strings"

	"filippo.io/age"
	"filippo.io/age/plugin"

	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/keeper/age/agekey"
)

// pluginIdentity is an identity that a program of the user keeps, perhaps on a
// token that wants to be touched.
type pluginIdentity struct{ *plugin.Identity }

func (k *Keeper) newPluginIdentity(text string) (age.Identity, error) {
	id, err := plugin.NewIdentity(text, k.ui())
	if err != nil {
		return nil, err
	}
	return pluginIdentity{id}, nil
}

// wouldAsk is always true: only the plugin knows.
func (pluginIdentity) wouldAsk([]*age.Stanza) bool { return true }

// Unwrap asks the plugin.
func (p pluginIdentity) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	fileKey, err := p.Identity.Unwrap(stanzas)
	return fileKey, explainPlugin(err)
}

// isPlugin reports whether a recipient is that of a plugin: age1NAME1DATA.
func isPlugin(recipient string) bool {
	return strings.HasPrefix(recipient, "age1") && strings.Count(recipient, "1") > 1 &&
		!strings.HasPrefix(recipient, "age1pq1") && !agekey.IsTagged(recipient)
}

// ui gives plugins the terminal of the user.
func (k *Keeper) ui() *plugin.ClientUI {
	return &plugin.ClientUI{
		DisplayMessage: func(name, msg string) error {
			k.o.Tell(fmt.Sprintf("age-plugin-%s: %s", name, hint.Line(msg)))
			return nil
		},
		RequestValue: func(name, prompt string, secret bool) (string, error) {
			prompt = fmt.Sprintf("age-plugin-%s: %s: ", name, hint.Line(strings.TrimRight(prompt, ": ")))
			if !secret {
				return k.ask(prompt)
			}
			if k.o.Passphrase == nil {
				return "", errNobodyToAsk
			}
			text, err := k.o.Passphrase(prompt)
			return string(text), err
		},
		Confirm: func(name, prompt, yes, no string) (bool, error) {
			choice := yes
			if no != "" {
				choice += "/" + no
			}
			text, err := k.ask(fmt.Sprintf("age-plugin-%s: %s [%s]: ", name, hint.Line(prompt), hint.Line(choice)))
			return chose(text, yes, no), err
		},
		WaitTimer: func(name string) {
			k.o.Tell(fmt.Sprintf("age-plugin-%s: waiting for the plugin", name))
		},
	}
}

func (k *Keeper) ask(prompt string) (string, error) {
	if k.o.Ask == nil {
		return "", errors.New("there is no terminal to ask")
	}
	return k.o.Ask(prompt)
}

// chose reports whether answer means yes. Without a choice every answer does.
func chose(answer, yes, no string) bool {
	answer = strings.ToLower(strings.TrimSpace(answer))
	return no == "" || answer != "" && strings.HasPrefix(strings.ToLower(yes), answer)
}

// A PluginError says that the program of an age plugin is not there.
type PluginError struct {
	Name string // of the plugin
	err  error
}

func (e *PluginError) Error() string {
	return fmt.Sprintf("the program age-plugin-%s is not installed", e.Name)
}

// Unwrap returns the error of the age library.
func (e *PluginError) Unwrap() error { return e.err }

// Hints says how to get it.
func (e *PluginError) Hints() []string {
	return []string{fmt.Sprintf("install age-plugin-%s into a directory of PATH", e.Name)}
}

// explainPlugin names the program of a plugin that was not found.
func explainPlugin(err error) error {
	var missing *plugin.NotFoundError
	if errors.As(err, &missing) {
		return &PluginError{Name: missing.Name, err: err}
	}
	return err
}
