package vault

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/deadline"
	"github.com/seed-1f7fdfb8/sops/internal/helper"
	"github.com/seed-1f7fdfb8/sops/internal/rest"
)

// A token is what a user shows to Vault, and where it was found.
type token struct {
	rest.Token
	from string
}

func newToken(text, from string) *token { return &token{rest.Token{Secret: text}, from} }

// A NoTokenError says that there is no token to show, and where one was looked
// for.
type NoTokenError struct{ Looked []string }

func (e *NoTokenError) Error() string {
	return "there is no Vault token: " + strings.Join(e.Looked, ", ")
}

// findToken returns the token of the run. One that was found stays: it is looked
// for again only where there was none.
func (k *Keeper) findToken(ctx context.Context, s *settings) (*token, error) {
	return k.token.Get(ctx, nil, func(ctx context.Context) (*token, error) {
		t, err := s.findToken(ctx)
		if err != nil {
			return nil, err
		}
		if strings.ContainsFunc(t.Secret, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return nil, fmt.Errorf("%s holds a character that no token has", t.from)
		}
		return t, nil
	})
}

// findToken looks where the vault command does: in a variable, then in what a
// token helper prints or, where there is none, in ~/.vault-token.
func (s *settings) findToken(ctx context.Context) (*token, error) {
	text, variable := lookup(s.env, "TOKEN")
	if text = strings.TrimSpace(text); text != "" {
		return newToken(text, variable), nil
	}
	none := &NoTokenError{Looked: []string{variable + " is not set"}}
	home := s.env.Home()
	program, config, err := s.helper(home)
	if err != nil {
		return nil, err
	}
	if program != "" {
		text, err := runHelper(ctx, program)
		if err != nil {
			return nil, fmt.Errorf("%s: the token helper %s: %w", shownPath(home, config), clean(program), err)
		}
		if text != "" {
			return newToken(text, "the token helper "+clean(program)), nil
		}
		none.Looked = append(none.Looked, "the token helper "+clean(program)+" has none")
	}
	path := s.env.Get("BAO_TOKEN_PATH")
	if path == "" && home != "" {
		path = filepath.Join(home, ".vault-token")
	}
	if path == "" {
		return nil, none
	}
	src, err := readBounded(path)
	shown := clean(shownPath(home, path))
	switch text := string(bytes.TrimSpace(src)); {
	case errors.Is(err, fs.ErrNotExist):
		none.Looked = append(none.Looked, "there is no "+shown)
	case err != nil:
		return nil, err
	case text == "":
		none.Looked = append(none.Looked, shown+" is empty")
	default:
		return newToken(text, shown), nil
	}
	return nil, none
}

// helper returns the program that keeps tokens, which the configuration of the
// vault command names; "" if there is none.
func (s *settings) helper(home string) (program, config string, err error) {
	config, _ = lookup(s.env, "CONFIG_PATH")
	if config == "" {
		if home == "" {
			return "", "", nil
		}
		config = filepath.Join(home, ".vault")
	}
	src, err := readBounded(config)
	if err != nil {
		return "", config, nil // most have none, and some have a directory of that name
	}
	m := regexp.MustCompile(`(?m)^\s*"?token_helper"?\s*[=:]\s*"([^"\n]+)"`).FindSubmatch(src)
	if m == nil {
		return "", config, nil
	}
	program = string(m[1])
	if !filepath.IsAbs(program) {
		return "", config, fmt.Errorf("%s: token_helper %q is not an absolute path", shownPath(home, config), clean(program))
	}
	return program, config, nil
}

// runHelper asks a token helper, which may ask a person in turn.
func runHelper(ctx context.Context, program string) (string, error) {
	defer deadline.Pause(ctx)()
	const patience = time.Minute
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	out, err := helper.Output(ctx, helper.Program{Argv: []string{program, "get"}})
	return string(bytes.TrimSpace(out)), err
}
